import Foundation
import Scenarios
import Synchronization

/// `keys.csv`: the keys of uploads that an API permitted, which only the API chooses.
///
/// Each stands in the file before the request leaves that may make the object, so that whatever ends
/// the process, nothing is in the bucket that the file does not name. Rows are whole: each is one
/// write(2) to a file opened for appending, which needs no lock between the workers.
final class KeyJournal: Sendable {
    static let fileName = "keys.csv"
    static let column = "key"

    private let path: String
    private let descriptor: Int32
    /// errno of the first row that could not be written.
    private let failure = Atomic<Int32>(0)
    /// What the API puts before a name that the client chose; nil when it did not say.
    private let namePrefix: String?

    /// - Parameter continues: writes behind what the file has.
    init(
        _ directory: ResultsDirectory, namePrefix: String?, continues: Bool = false
    ) throws(ResultsError) {
        path = directory.file(Self.fileName)
        self.namePrefix = namePrefix
        let mode =
            O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | (continues ? 0 : O_TRUNC)
        descriptor = open(path, mode, 0o644)
        guard descriptor >= 0 else {
            throw ResultsError(path: path, operation: "write", code: errno)
        }
        if !continues { append(Self.column) }
        try check()
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func add(key: String) { append(key) }

    /// The whole key; nil for a name that the client chose, as long as it is not known what the API puts
    /// before it.
    func key(of written: WrittenKey) -> String? {
        switch written {
        case .key(let key): key
        case .name(let name): namePrefix.map { $0 + name }
        }
    }

    /// - Throws: when a row could not be written: the run must not go on.
    func check() throws(ResultsError) {
        let code = failure.load(ordering: .relaxed)
        guard code == 0 else { throw ResultsError(path: path, operation: "write", code: code) }
    }

    var hasFailed: Bool { failure.load(ordering: .relaxed) != 0 }

    private func append(_ field: String) {
        let row = Array((Self.quoted(field) + "\n").utf8)
        while true {
            let written = write(descriptor, row, row.count)
            if written < 0, errno == EINTR { continue }
            guard written == row.count else {
                let code = written < 0 ? errno : ENOSPC
                _ = failure.compareExchange(expected: 0, desired: code, ordering: .relaxed)
                return
            }
            return
        }
    }

    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D })
        else { return field }
        return "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
