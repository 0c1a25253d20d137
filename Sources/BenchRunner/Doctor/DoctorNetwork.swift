import Foundation
import Measure
import NetIO
import Transfer

/// Name, connection, TLS and clock of one host of the target.
struct DoctorNetwork {
    let role: String
    let origin: Origin
    let settings: TransferConfiguration

    private static let clockLooks = 12
    private static let clockPause = 0.085
    /// S3's RequestTimeTooSkewed begins at 15 minutes; a URL that lives for 5 is spoilt by less.
    private static let clockLimitSeconds = 60.0
    private static let clockNoteSeconds = 2.0

    /// - Returns: the lines, and whether the host answered.
    func checks() -> (checks: [DoctorCheck], isThere: Bool) {
        let name = lookUp()
        guard name.outcome == .pass else { return ([name], false) }
        switch ask() {
        case .failure(let failed): return ([name] + lost(failed.failure), false)
        case .success(let answer):
            let milliseconds = Readable.microseconds(
                Double(answer.timings.connectNs ?? 0) / 1000)
            let connection = DoctorCheck(
                "\(role)-tcp", .pass, "connected to \(origin.authority) in \(milliseconds)")
            return ([name, connection, tls(answer), clock()], true)
        }
    }

    private var host: String { origin.host.filter { $0 != "[" && $0 != "]" } }

    private func lookUp() -> DoctorCheck {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let start = monotonicNs()
        let code = getaddrinfo(host, nil, &hints, &list)
        defer { freeaddrinfo(list) }
        guard code == 0 else {
            // RFC 6761 §6.3: such names are this machine's, whatever the resolver says.
            if host.hasSuffix(".localhost") {
                return DoctorCheck("\(role)-dns", .pass, "\(host) is this machine")
            }
            return DoctorCheck(
                "\(role)-dns", .fail, "\(host): \(String(cString: gai_strerror(code)))",
                advice: ["check the name, and this machine's resolver (/etc/resolv.conf)"])
        }
        var count = 0
        var next = list
        while let entry = next {
            count += 1
            next = entry.pointee.ai_next
        }
        let time = Readable.microseconds(Double(monotonicNs() - start) / 1000)
        let addresses = count == 1 ? "1 address" : "\(count) addresses"
        return DoctorCheck("\(role)-dns", .pass, "\(host) has \(addresses), looked up in \(time)")
    }

    private func ask() -> Result<Answer, FailedTransfer> {
        let request = Request(
            "GET", "/", at: origin, fields: [("Connection", "close")])
        guard let result = try? OneRequest.send(request, settings) else {
            return .failure(
                FailedTransfer(failure: .connectFailed("no descriptor"), timings: Timings()))
        }
        return result
    }

    private func lost(_ failure: TransferFailure) -> [DoctorCheck] {
        guard Outcome(failure) == .tlsFailed else {
            return [
                DoctorCheck(
                    "\(role)-tcp", .fail, "\(origin.authority): \(failure.message)",
                    advice: ["is the port right, and does a firewall let this machine through?"])
            ]
        }
        return [
            DoctorCheck("\(role)-tcp", .pass, "connected to \(origin.authority)"),
            DoctorCheck(
                "\(role)-tls", .fail, failure.message,
                advice: [
                    "name the authority that signed the certificate with --cacert FILE, or check nothing with"
                        + " --insecure"
                ]),
        ]
    }

    private func tls(_ answer: Answer) -> DoctorCheck {
        guard origin.scheme == .https else {
            return DoctorCheck("\(role)-tls", .notTried, "plain http: nothing is encrypted")
        }
        let time = Readable.microseconds(Double(answer.timings.tlsNs ?? 0) / 1000)
        let trust =
            settings.verifiesServer
            ? "certificate verified" : "certificate not verified (--insecure)"
        return DoctorCheck("\(role)-tls", .pass, "handshake in \(time), \(trust)")
    }

    private func clock() -> DoctorCheck {
        var offset = ClockOffset()
        for look in 0..<Self.clockLooks {
            if look > 0 { Thread.sleep(forTimeInterval: Self.clockPause) }
            let sent = Date().timeIntervalSince1970
            guard case .success(let answer) = ask(),
                let date = answer.headers.first("Date").flatMap(ClockOffset.seconds(ofDate:))
            else { continue }
            offset.add(sent: sent, received: Date().timeIntervalSince1970, date: date)
        }
        guard offset.isKnown else {
            return DoctorCheck("\(role)-clock", .notTried, "its answers have no Date")
        }
        let text = String(
            format: "%@ clock is %.2f s %@ this machine's (± %.2f s)", "its", abs(offset.middle),
            offset.middle < 0 ? "behind" : "ahead of", offset.uncertainty)
        let skew = abs(offset.middle) - offset.uncertainty
        guard skew <= Self.clockLimitSeconds else {
            return DoctorCheck("\(role)-clock", .fail, text, advice: DoctorAdvice.clock)
        }
        return DoctorCheck(
            "\(role)-clock", .pass, text,
            advice: skew > Self.clockNoteSeconds ? DoctorAdvice.clock : [])
    }
}
