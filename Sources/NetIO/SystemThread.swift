import CLinux
import Glibc

/// A thread that is known to run: Foundation's `Thread` does not tell when the system has none to give
/// (EAGAIN under `ulimit -u` or out of memory), and whoever waits for its work waits for ever.
package enum SystemThread {
    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Starts `body` on a thread that nobody has to join.
    ///
    /// - Throws: when there can be no thread; `body` is not called then.
    package static func start(
        stackBytes: Int = 1 << 20, _ body: @escaping () -> Void
    ) throws(SystemError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackBytes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { pointer in
                if let pointer {
                    Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue().body()
                }
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            work.release()
            throw SystemError(operation: "make a thread", code: code)
        }
    }
}
