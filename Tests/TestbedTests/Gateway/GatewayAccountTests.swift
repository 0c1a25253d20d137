import Testing

@testable import Testbed

@Suite struct GatewayAccountTests {
    @Test(arguments: [
        (Int64(0), Int64(1)), (1, 1), (1_000_000, 1), (1_000_001, 2), (29_000_000_000, 29_000),
    ])
    func `an invocation is billed in whole milliseconds, one at least`(ns: Int64, ms: Int64) {
        let account = GatewayAccount()
        account.invoked(durationNs: ns)
        #expect(account.lambdaUse == LambdaUse(invocations: 1, billedMs: ms))
    }

    @Test func `a function's time begins with its event, and its cold start is part of it`() {
        let clock = InvocationClock(coldNs: 300)
        #expect(clock.durationNs(nowNs: 1000) == nil)
        clock.begin(nowNs: 5000)
        #expect(clock.durationNs(nowNs: 5040) == 340)
    }

    @Test func `what no function sees is billed to none`() throws {
        try GatewayFixture.run { gateway in
            let used = {
                gateway.testbed.takeAccounts().compactMap(\.lambda).first?.invocations
            }
            #expect(used() == 0)
            _ = try gateway.call("OPTIONS", "/signed-url")
            _ = try gateway.call("GET", "/signed-url", headers: [])
            _ = try gateway.call("GET", "/no-such-route")
            _ = try gateway.call("PUT", "/uploads/a.bin", body: "abc")
            #expect(used() == 0)
            _ = try gateway.call("GET", "/signed-post")
            #expect(used() == 1)
            _ = try gateway.call("POST", "/reviews", body: "{}")
            #expect(used() == 2)
        }
    }
}
