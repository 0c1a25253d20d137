import Foundation
import Measure
import Testing

@testable import Testbed

/// A cell measured with Linux's TCP over an emulated path, and what the model says of it.
struct GroundTruthCell {
    let control: CongestionControl
    let roundTripMs: Double
    let mbit: Double
    let loss: Double
    let connection: String
    let size: Int
    let measured: Double
    let repetitions: Int

    /// All cells of the fixture.
    static func load() throws -> [GroundTruthCell] {
        let path = try #require(
            Bundle.module.path(
                forResource: "ground-truth", ofType: "csv", inDirectory: "Fixtures/link"))
        let table = try CSVDecoder(
            [UInt8](try #require(FileManager.default.contents(atPath: path))))
        return try table.rows.map { row in
            GroundTruthCell(
                control: try #require(CongestionControl(rawValue: row[0])),
                roundTripMs: try #require(Double(row[1])), mbit: try #require(Double(row[2])),
                loss: try #require(Double(row[3])), connection: row[4],
                size: try #require(Int(row[5])), measured: try #require(Double(row[6])),
                repetitions: try #require(Int(row[7])))
        }
    }

    /// Repetitions whose machine was up to 0.3 ms late were let count: a tenth of a shorter time is
    /// within what the truth itself does not know.
    var isRepeatable: Bool { measured >= 0.015 }

    var group: String { loss > 0 ? "lossy" : connection }

    /// What the cell belongs to besides its group, to see where the model is off.
    var traits: [String] {
        [
            control.rawValue, "rtt \(Int(roundTripMs)) ms", "\(Int(mbit)) Mbit/s",
            "\(size) B", loss > 0 ? "loss \(loss)" : "no loss",
        ]
    }

    /// The model's median; one run says all where nothing is lost. The truth's own median is of five
    /// uploads or so, which leaves it uncertain by itself; the model's is of more where times differ
    /// most, in uploads that meet few losses.
    func modelled() -> (seconds: Double, overflows: Bool) {
        let seeds = size <= 65_536 ? 25 : size <= 1 << 20 ? 15 : size <= 4 << 20 ? 5 : 3
        let runs = (0..<(loss > 0 ? seeds : 1)).map {
            ModelRun(self, seed: UInt64($0 + 1)).result()
        }
        let sorted = runs.map(\.seconds).sorted()
        return (sorted[sorted.count / 2], runs.contains { $0.overflows })
    }
}

/// As the program wrote that was measured: a head of 16 bytes before the body, 256 KiB at once; with
/// TLS a record of at most 16 KiB at once.
func measuredWrites(_ size: Int, isTLS: Bool = false) -> [Int] {
    let most = isTLS ? 16_384 : 262_144
    var left = size + 16
    var writes: [Int] = []
    while left > 0 {
        let bytes = min(left, most)
        writes.append(bytes + (isTLS ? 22 : 0))
        left -= bytes
    }
    return writes
}

/// One upload of a cell in virtual time.
private final class ModelRun {
    /// What a one-way trip of the machine that the truth was measured on costs besides.
    private static let overhead = 0.0001

    private let cell: GroundTruthCell
    private let events = LinkEvents()
    private let direction: LinkDirection
    private let bottleneck: Bottleneck
    private let roundTrip: Double
    private var needed = 0
    private var doneAt: Double?
    private var flow: Flow?

    init(_ cell: GroundTruthCell, seed: UInt64) {
        self.cell = cell
        let product = cell.roundTripMs / 1000 * cell.mbit * 1e6 / 8
        bottleneck = Bottleneck(
            bitsPerSecond: cell.mbit * 1e6, queueBytes: max(product, 262_144))
        direction = LinkDirection(
            bottleneck, roundTrip: cell.roundTripMs / 1000, loss: cell.loss, seed: seed,
            overhead: Self.overhead)
        roundTrip = cell.roundTripMs / 1000 + 2 * Self.overhead
    }

    deinit { events.end() }

    func result() -> (seconds: Double, overflows: Bool) {
        let flow = Flow(events, direction, cell.control, roundTrip: roundTrip) {
            [unowned self] time, count in
            needed -= count
            if needed <= 0, doneAt == nil { doneAt = time }
        }
        self.flow = flow
        var time = roundTrip
        while direction.losesPacket() { time += 1 }
        switch cell.connection {
        case "fresh": time = upload(flow, time, measuredWrites(cell.size))
        case "tls":
            // Handshake, certificate and records.
            time += roundTrip + 0.0018 + 800 * bottleneck.secondsPerByte
            time = upload(flow, time, measuredWrites(cell.size, isTLS: true))
        default:
            let isSame = ["warm", "warmsb"].contains(cell.connection)
            time = upload(flow, time, measuredWrites(isSame ? cell.size : 4 << 20))
            if cell.connection.hasPrefix("idle") {
                flow.rest(seconds: 3, restarts: cell.connection == "idle1")
                time += 3
            }
            time = upload(flow, time, measuredWrites(cell.size)) - time
        }
        return (time, bottleneck.droppedSegments > 0)
    }

    private func upload(_ flow: Flow, _ time: Double, _ writes: [Int]) -> Double {
        needed = writes.reduce(0, +)
        doneAt = nil
        events.at(time) { writes.forEach { flow.write(time, $0) } }
        events.run { doneAt == nil }
        let answer =
            Double(200 + Segment.headerBytes) * bottleneck.secondsPerByte + direction.delay
            + Self.overhead
        let end = (doneAt ?? .infinity) + answer
        events.run(until: end)
        return end
    }
}
