import Testing

@testable import BenchRunner

/// Events as Chromium's DevTools protocol has them.
struct PageRequestsTests {
    private static func sent(_ identifier: String, _ method: String, _ url: String) -> [String: Any]
    {
        [
            "method": "Network.requestWillBeSent",
            "params": [
                "requestId": identifier, "request": ["method": method, "url": url],
            ] as [String: Any],
        ]
    }

    private static func ended(_ identifier: String, _ how: String) -> [String: Any] {
        ["method": "Network.\(how)", "params": ["requestId": identifier]]
    }

    @Test func `preflights are requests and are counted apart`() {
        var requests = PageRequests()
        requests.take(Self.sent("1", "OPTIONS", "http://store/key"))
        requests.take(Self.sent("2", "PUT", "http://store/key"))
        #expect(requests.count == 2)
        #expect(requests.preflights == 1)
    }

    @Test func `a redirect is one more request of the same identifier`() {
        var requests = PageRequests()
        requests.take(Self.sent("1", "PUT", "http://edge/file"))
        requests.take(Self.sent("1", "PUT", "http://store/key"))
        requests.take(Self.ended("1", "loadingFinished"))
        #expect(requests.count == 2)
        #expect(requests.areDone)
    }

    @Test func `they are done when each has ended, well or not`() {
        var requests = PageRequests()
        requests.take(Self.sent("1", "GET", "http://api/signed-url"))
        requests.take(Self.sent("2", "PUT", "http://store/key"))
        requests.take(Self.ended("1", "loadingFinished"))
        #expect(!requests.areDone)
        requests.take(Self.ended("2", "loadingFailed"))
        #expect(requests.areDone)
    }

    @Test func `what does not go over the network is not counted`() {
        var requests = PageRequests()
        requests.take(Self.sent("1", "GET", "data:,"))
        requests.take(Self.sent("2", "GET", "blob:http://page/1"))
        requests.take(["method": "Page.loadEventFired"])
        #expect(requests.count == 0)
        #expect(requests.areDone)
    }
}
