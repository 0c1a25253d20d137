import Foundation
import Measure
import Presign

/// One line per upload in the format of another tool, so that what reads that tool's results reads
/// ours. An upload stands for one request: it starts when it was intended to start.
enum ExportFormat: String, CaseIterable, Sendable {
    case jtl, vegeta, k6

    /// What the file begins with.
    var head: String {
        switch self {
        case .jtl:
            """
            timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,\
            failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect

            """
        // vegeta's CSV has no header.
        case .vegeta: ""
        case .k6: K6.metrics.map { $0 + "\n" }.joined()
        }
    }

    /// - Parameter startUs: of the run, since 1970.
    func rows(_ sample: RecordedSample, startUs: Int64, number: Int) -> [UInt8] {
        switch self {
        case .jtl: Self.jtlRow(sample, atUs: startUs + sample.intendedUs)
        case .vegeta: Self.vegetaRow(sample, atUs: startUs + sample.intendedUs, number)
        case .k6: Array(K6.points(sample, atUs: startUs + sample.intendedUs).utf8)
        }
    }

    /// As JMeter 5 writes it by default (JMeter user manual, "Listeners", "CSV log format"). Times in
    /// ms; `Latency` is `elapsed`, because the first byte of an upload's last answer is not told.
    private static func jtlRow(_ sample: RecordedSample, atUs: Int64) -> [UInt8] {
        var row = CSVEncoder()
        let elapsedMs = max(0, sample.responseUs) / 1000
        row.field(atUs / 1000)
        row.field(elapsedMs)
        row.field(sample.label)
        // What JMeter writes where no answer came.
        row.field(sample.httpStatus.map(String.init) ?? "Non HTTP response code: \(sample.failure)")
        row.field(sample.hasFailed ? sample.failure : "OK")
        row.field("\(sample.scenario) \(sample.round)-\(sample.worker + 1)")
        row.field("bin")
        row.field(sample.hasFailed ? "false" : "true")
        row.field(sample.hasFailed ? sample.failure : "")
        row.field(sample.bytesReceived)
        row.field(sample.bytesSent)
        row.field(1)
        row.field(1)
        row.field("")
        row.field(elapsedMs)
        row.field(0)
        row.field((sample.connectUs ?? 0) / 1000)
        row.endRow()
        return row.bytes
    }

    /// The columns of `vegeta encode --to csv`: time in ns since 1970, status (0 for none), latency in
    /// ns, bytes out and in, error, body, name, number, method, URL, headers.
    private static func vegetaRow(
        _ sample: RecordedSample, atUs: Int64, _ number: Int
    ) -> [UInt8] {
        var row = CSVEncoder()
        row.field(atUs * 1000)
        row.field(sample.httpStatus ?? 0)
        row.field(max(0, sample.responseUs) * 1000)
        row.field(sample.bytesSent)
        row.field(sample.bytesReceived)
        row.field(sample.hasFailed ? sample.failure : "")
        row.field("")
        row.field(sample.label)
        row.field(number)
        for _ in 0..<3 { row.field("") }
        row.endRow()
        return row.bytes
    }
}

extension RecordedSample {
    /// Strategy and size, as other tools name a request.
    fileprivate var label: String { "\(scenario) \(Readable.bytes(sizeBytes))" }

    /// The target's error code, or the class of the failure where it sent none. What no run writes as a
    /// code is left out: a spreadsheet would take it for a formula, a terminal for a command.
    fileprivate var failure: String {
        let isCode =
            errorCode.first.map { $0.isASCII && $0.isLetter } ?? false
            && errorCode.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        return isCode ? errorCode : outcome.rawValue
    }
}

/// Lines of `k6 run --out json=FILE` (k6 documentation, "JSON output").
private enum K6 {
    private static let kinds = [
        ("http_reqs", "counter", "default"), ("http_req_duration", "trend", "time"),
        ("http_req_failed", "rate", "default"), ("data_sent", "counter", "data"),
        ("data_received", "counter", "data"),
    ]

    static let metrics = kinds.map { name, type, contains in
        #"{"type":"Metric","data":{"name":"\#(name)","type":"\#(type)","contains":"\#(contains)","#
            + #""thresholds":[],"submetrics":null},"metric":"\#(name)"}"#
    }

    static func points(_ sample: RecordedSample, atUs: Int64) -> String {
        // k6 stamps a request's points when it has ended.
        let time = stamp(atUs + max(0, sample.responseUs))
        let tags = tags(sample)
        let values: [(String, String)] = [
            ("http_reqs", "1"),
            ("http_req_duration", "\(Double(max(0, sample.responseUs)) / 1000)"),
            ("http_req_failed", sample.hasFailed ? "1" : "0"),
            ("data_sent", "\(sample.bytesSent)"), ("data_received", "\(sample.bytesReceived)"),
        ]
        return values.map { metric, value in
            #"{"metric":"\#(metric)","type":"Point","data":{"time":"\#(time)","value":\#(value),"#
                + #""tags":\#(tags)}}"# + "\n"
        }.joined()
    }

    private static func tags(_ sample: RecordedSample) -> String {
        var tags = [
            ("name", sample.label), ("scenario", sample.scenario),
            ("status", "\(sample.httpStatus ?? 0)"),
            ("expected_response", sample.hasFailed ? "false" : "true"),
            ("round", "\(sample.round)"),
        ]
        if sample.hasFailed { tags.append(("error", sample.failure)) }
        let members = tags.map { "\(JSONString.quoted($0)):\(JSONString.quoted($1))" }
        return "{\(members.joined(separator: ","))}"
    }

    /// RFC 3339 with microseconds.
    private static func stamp(_ us: Int64) -> String {
        var seconds = time_t(us / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", Int(parts.tm_year) + 1900,
            Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min),
            Int(parts.tm_sec), Int(us % 1_000_000))
    }
}
