import Foundation
import Measure
import NetIO
import Scenarios
import Synchronization
import Testing
import Transfer

@testable import BenchRunner

@Suite struct WorkerTests {
    /// Sends one request, and lets the cell be stopped before the answer can come.
    private final class Interrupted: Scenario {
        let control: CellControl
        let origin: Origin
        let retries = 0
        let writtenKey: WrittenKey? = nil

        init(_ control: CellControl, _ origin: Origin) {
            self.control = control
            self.origin = origin
        }

        func begin(_ content: UploadContent, unixSeconds: Int64) -> Step {
            control.stop()
            let request = Request(
                origin: origin, head: Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            return .send(ScenarioRequest(phase: .upload, request: request))
        }

        func received(_ answer: Answer, tag: Int, unixSeconds: Int64) -> Step {
            .finished(UploadEnd(.success))
        }

        func failed(_ failure: FailedTransfer, tag: Int, unixSeconds: Int64) -> Step {
            .finished(UploadEnd(.cancelled))
        }
    }

    /// Takes connections and says nothing.
    private static func silent() throws -> (Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else { throw SystemError(operation: "listen") }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    @Test(
        "one that is stopped between its first start and its first look ends",
        .timeLimit(.minutes(1)))
    func stoppedAtOnce() throws {
        let words = ["--size", "1KiB", "--scenarios", "presigned-put", "--link", "loopback"]
        let plan = try RunPlan(
            Settings(Arguments(words, for: .run), for: .run, environment: [:]))
        let load = Load(
            model: .closed(clients: 2), extent: .duration(.seconds(60)), warmup: .zero)
        let control = CellControl(load, threads: 1) { monotonicNs() }
        let (listener, port) = try Self.silent()
        defer { close(listener) }
        let origin = Origin(scheme: .http, host: "127.0.0.1", port: port)
        let cell = plan.cells()[0]
        let setup = WorkerSetup(
            cell: cell, workload: try Workload(plan), engineSettings: TransferConfiguration(),
            keepsConnections: true, keepsTimes: false, journal: nil, budget: nil,
            retry: RetryPlan(
                policy: .none, strategy: cell.scenario, signer: plan.signer, seed: 1),
            live: nil, makeScenario: { _ in Interrupted(control, origin) })
        let samples = SampleEncoder(cell: cell, runStartNs: control.startNs, writer: nil)
        let result = try Worker(index: 0, of: 1, setup: setup, samples: samples).run(control)
        #expect(result.endedUploads == 1)
    }
}
