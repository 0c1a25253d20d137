import Foundation
import Measure

/// An upload as the page measured it: the row that it would put into its `samples.csv`.
struct PageSample {
    private let row: [String: Any]

    /// nil for what the page does not answer.
    init?(_ value: Any?) {
        guard let row = value as? [String: Any], row["outcome"] is String else { return nil }
        self.row = row
    }

    /// - Parameter startedNs: CLOCK_MONOTONIC when the page was told to begin; the durations are the
    ///   page's own.
    func sample(startedNs: Int64, upload: Int64, _ requests: PageRequests) -> Sample {
        var sample = Sample()
        sample.upload = upload
        sample.intendedNs = startedNs
        sample.startedNs = startedNs
        sample.endedNs = startedNs + (nanoseconds("response_us") ?? 0)
        sample.authorizeNs = nanoseconds("authorize_us")
        sample.uploadNs = nanoseconds("upload_us")
        sample.notifyNs = nanoseconds("notify_us")
        sample.connectNs = nanoseconds("connect_us")
        sample.tlsNs = nanoseconds("tls_us")
        sample.outcome = Outcome(rawValue: row["outcome"] as? String ?? "") ?? .unexpectedAnswer
        sample.httpStatus = (row["http_status"] as? NSNumber)?.intValue
        sample.errorCode = row["error_code"] as? String ?? ""
        sample.requests = requests.count
        sample.knowsWireBytes = false
        return sample
    }

    /// nil for the empty texts that stand for what a page cannot know.
    private func nanoseconds(_ name: String) -> Int64? {
        (row[name] as? NSNumber).map { $0.int64Value * 1000 }
    }
}
