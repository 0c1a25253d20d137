import Dispatch
import Glibc
import NetIO
import Testing

@Suite struct SystemThreadTests {
    @Test("the work is done, on another thread")
    func works() throws {
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var thread = pthread_self()
        let own = thread
        try SystemThread.start {
            thread = pthread_self()
            done.signal()
        }
        done.wait()
        #expect(pthread_equal(thread, own) == 0)
    }

    @Test("where there can be no thread it is said, and nothing is called")
    func cannotBeMade() {
        nonisolated(unsafe) var isCalled = false
        // No address space has room for its stack.
        #expect(throws: SystemError(operation: "make a thread", code: EAGAIN)) {
            try SystemThread.start(stackBytes: 1 << 56) { isCalled = true }
        }
        #expect(!isCalled)
    }
}
