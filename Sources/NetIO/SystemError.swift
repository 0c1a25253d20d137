import Glibc

/// A system call that failed.
package struct SystemError: Error, Equatable, CustomStringConvertible {
    package let operation: String
    /// errno.
    package let code: Int32

    package init(operation: String, code: Int32 = errno) {
        self.operation = operation
        self.code = code
    }

    package var message: String { String(cString: strerror(code)) }

    package var description: String { "\(operation): \(message)" }
}
