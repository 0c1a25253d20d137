import CLinux
import NetIO
import Testing
import Transfer

@Suite struct BodyFlowTests {
    private static let payload = Payload(byteCount: 2_000_000, seed: 3)
    private let large = Payload([UInt8](repeating: 7, count: 64 << 20))
    private var body: [BodySlice] { [BodySlice(Self.payload)] }

    @Test func `a body that waits is sent after 100 Continue`() throws {
        let client = try TestClient { peer in
            let head = peer.readHead()
            peer.write("HTTP/1.1 100 Continue\r\n\r\n")
            let body = peer.readBody(peer.contentLength(head))
            peer.ok("\(head.contains("Expect: 100-continue")) \(body.count)")
        }
        let answer = try client.answer(client.request("PUT", body: body, expectsContinue: true))
        #expect(String(decoding: answer.body, as: UTF8.self) == "true 2000000")
    }

    @Test func `a body waits for 100 Continue no longer than its time limit`() throws {
        var configuration = TransferConfiguration.forTests
        configuration.continueTimeoutNs = 30_000_000
        let client = try TestClient(configuration: configuration) { peer in
            peer.ok("\(peer.readRequest().body.count)")
        }
        let answer = try client.answer(client.request("PUT", body: body, expectsContinue: true))
        #expect(String(decoding: answer.body, as: UTF8.self) == "2000000")
        #expect(answer.timings.sendEndNs - answer.timings.sendStartNs >= 30_000_000)
    }

    @Test func `while a start is due soon, a turn sends no more than its share of a body`() throws {
        let client = try TestClient { peer in
            _ = peer.readBody(peer.contentLength(peer.readHead()))
            peer.ok()
        }
        let loop = client.loop
        // Always due within a millisecond, and never in the past for long.
        loop.onAlarm = { loop.alarmNs = clinux_monotonic_ns() + 1_000_000 }
        loop.onAlarm()
        var status: Int?
        let payload = Payload([UInt8](repeating: 7, count: 16 << 20))
        client.engine.send(client.request("PUT", body: [BodySlice(payload)])) { result in
            status = (try? result.get().status) ?? 0
        }
        var turns = 0
        let end = clinux_monotonic_ns() + 10_000_000_000
        while status == nil, clinux_monotonic_ns() < end {
            loop.turn()
            turns += 1
        }
        loop.onAlarm = {}
        #expect(status == 200)
        #expect(turns >= (16 << 20) / client.engine.configuration.sendQuantumBytes)
    }

    @Test func `a refusal instead of 100 Continue keeps the body at home`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            peer.readToEnd()
        }
        let request = client.request("PUT", body: body, expectsContinue: true)
        let answer = try client.answer(request)
        #expect(answer.status == 403)
        #expect(answer.bytesSent == Int64(request.head.count))
        #expect(answer.timings.sendEndNs == 0)
        #expect(client.engine.connectionCount == 0)
    }

    @Test func `a refusal in the middle of the body ends the sending`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
            peer.readToEnd()
        }
        let answer = try client.answer(client.request("PUT", body: [BodySlice(large)]))
        #expect(answer.status == 413)
        #expect(String(decoding: answer.body, as: UTF8.self) == "big")
        #expect(answer.bytesSent < 64 << 20)
        #expect(client.engine.connectionCount == 0)
    }

    @Test func `a success in the middle of the body does not end the sending`() throws {
        let client = try TestClient { peer in
            let head = peer.readHead()
            peer.ok()
            let count = peer.readBody(peer.contentLength(head)).count
            peer.readHead()
            peer.ok("\(count)")
        }
        let large = Payload([UInt8](repeating: 7, count: 16 << 20))
        _ = try client.answer(client.request("PUT", body: [BodySlice(large)]))
        let second = try client.answer(client.request("GET"))
        #expect(second.isConnectionReused)
        #expect(String(decoding: second.body, as: UTF8.self) == "\(16 << 20)")
    }

    @Test func `a refusal does not end the sending for a client that sends whole bodies`() throws {
        let client = try TestClient { peer in
            while true {
                let head = peer.readHead()
                guard head != "" else { return }
                peer.write("HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 3\r\n\r\nbig")
                _ = peer.readBody(peer.contentLength(head))
            }
        }
        var request = client.request("PUT", body: [BodySlice(Payload(byteCount: 9 << 20, seed: 4))])
        request.sendsWholeBody = true
        for isReused in [false, true] {
            let answer = try client.answer(request)
            #expect(answer.status == 307)
            #expect(answer.bytesSent == Int64(request.head.count + 9 << 20))
            #expect(answer.timings.firstByteNs < answer.timings.sendEndNs)
            #expect(answer.timings.endedNs >= answer.timings.sendEndNs)
            #expect(answer.isConnectionReused == isReused)
        }
    }

    @Test func `a whole body is not sent to a server that says it closes`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 403 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            peer.readToEnd()
        }
        var request = client.request("PUT", body: [BodySlice(large)])
        request.sendsWholeBody = true
        let answer = try client.answer(request)
        #expect(answer.status == 403)
        #expect(answer.bytesSent < 64 << 20)
    }

    @Test func `an answer before a reset in the middle of the body is not lost`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            peer.write("HTTP/1.1 400 Bad\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")
            peer.close()
        }
        let result = client.send(client.request("PUT", body: [BodySlice(large)]))
        // The kernel may throw an answer away that a reset overtakes; what there is, is used.
        switch result {
        case .success(let answer): #expect(answer.status == 400)
        case .failure(let failed):
            #expect(["send-failed", "receive-failed"].contains(failed.failure.code))
        }
    }

    @Test func `a reset in the middle of the body is a failure with its costs`() throws {
        let client = try TestClient { peer in
            peer.readHead()
            _ = peer.readBody(100_000)
            peer.reset()
        }
        guard
            case .failure(let failed) = client.send(client.request("PUT", body: [BodySlice(large)]))
        else {
            Issue.record("a reset is no answer")
            return
        }
        #expect(["send-failed", "receive-failed"].contains(failed.failure.code))
        #expect(failed.bytesSent > 100_000)
        #expect(failed.timings.endedNs > failed.timings.sendStartNs)
        #expect(failed.timings.sendEndNs == 0)
    }

    @Test func `a large body does not hold up a small request`() throws {
        let client = try TestClient { peer in
            while true {
                let head = peer.readHead()
                guard head != "" else { return }
                _ = peer.readBody(peer.contentLength(head))
                peer.ok()
            }
        }
        let largeRequest = client.request("PUT", body: [BodySlice(large)])
        let results = client.send([largeRequest] + (0..<10).map { _ in client.request("GET") })
        let ends = try results.map { try $0.get().timings.endedNs }
        #expect(ends.dropFirst().allSatisfy { $0 < ends[0] })
    }
}
