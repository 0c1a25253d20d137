import Foundation
import Scenarios
import Transfer

/// The bytes that a run uploads, made or mapped once and shared by all workers.
struct Workload: Sendable {
    /// In files mode all entries are one list; otherwise there is one entry per size.
    let entries: [UploadContent]
    let isFiles: Bool

    /// What upload `index` of a cell sends: the cell's size, or the files in turn.
    func content(for cell: Cell, index: Int64) -> UploadContent? {
        guard isFiles else { return entries.first { $0.sizeBytes == cell.sizeBytes } }
        return entries[Int(index % Int64(entries.count))]
    }

    init(_ plan: RunPlan) throws(CommandError) {
        isFiles = plan.filesPath != nil
        if let path = plan.filesPath {
            entries = try Self.files(path)
        } else {
            entries = plan.sizesBytes.map { Self.made(bytes: Int($0), seed: plan.seed) }
        }
    }

    /// More than the processor's caches and what compression looks back on; a multiple of three.
    private static let windowBytes = 192 << 20

    /// Noise that nothing on the way can compress, after the first bytes of a JPEG file, so that
    /// the API's type check has something true to find.
    private static func made(bytes: Int, seed: UInt64) -> UploadContent {
        let jpegStart: [UInt8] = [
            0xFF, 0xD8, 0xFF, 0xE0, 0x00, 0x10, 0x4A, 0x46, 0x49, 0x46, 0x00, 0x01,
        ]
        let isTyped = bytes >= jpegStart.count
        let payload = Payload(
            byteCount: bytes, prefix: isTyped ? jpegStart : [], seed: seed,
            windowBytes: windowBytes)
        return UploadContent(
            payload: payload, contentType: isTyped ? "image/jpeg" : "application/octet-stream",
            fileName: isTyped ? "upload.jpg" : "upload.bin")
    }

    private static func files(_ path: String) throws(CommandError) -> [UploadContent] {
        let paths = try regularFiles(path)
        var contents: [UploadContent] = []
        for path in paths {
            let name = (path as NSString).lastPathComponent
            do {
                let payload = try Payload(mappingFile: path)
                contents.append(
                    UploadContent(
                        payload: payload, contentType: contentType(ofFileNamed: name),
                        fileName: name))
            } catch {
                throw .usage("--files: \(error)")
            }
        }
        return contents
    }

    /// The file itself, or all files below the folder in the order of their names.
    private static func regularFiles(_ path: String) throws(CommandError) -> [String] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw .usage("--files: there is no file or folder '\(path)'")
        }
        guard isFolder.boolValue else {
            guard isRegularFile(path) else {
                throw .usage("--files: '\(path)' is not a regular file")
            }
            return [path]
        }
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        let files = names.map { path + "/" + $0 }.filter { isRegularFile($0) }.sorted()
        guard !files.isEmpty else { throw .usage("--files: the folder '\(path)' holds no file") }
        return files
    }

    private static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// By the name's extension, as a browser tells the type of a file that its user picks.
    static func contentType(ofFileNamed name: String) -> String {
        let types = [
            "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif",
            "webp": "image/webp", "pdf": "application/pdf", "mp4": "video/mp4",
            "zip": "application/zip", "txt": "text/plain", "csv": "text/csv",
            "json": "application/json",
        ]
        let fileExtension = (name as NSString).pathExtension.lowercased()
        return types[fileExtension] ?? "application/octet-stream"
    }
}
