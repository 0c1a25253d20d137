/// The files' columns, in their order. Other programs rely on them: later versions only append.
enum Columns {
    static let summary = split(
        """
        scenario,size_bytes,link,model,concurrency,rate_per_s,round,uploads,errors,achieved_per_s,\
        goodput_bytes_per_s,wire_bytes_per_upload,requests_per_upload,response_mean_us,response_min_us,\
        response_p50_us,response_p90_us,response_p95_us,response_p99_us,response_p999_us,response_max_us,\
        service_p50_us,service_p99_us,authorize_p50_us,upload_p50_us,notify_p50_us,schedule_lag_p99_us,\
        client_cpu_us_per_upload,gateway_cpu_us_per_upload,gateway_peak_bytes,cost_usd_per_million
        """)

    /// What came after the first version; files of older ones end without it.
    static let appendedToSummary = split(
        """
        overflow,generator_limited,client_busy_share,start_unix_us,window_us,\
        lambda_invocations_per_upload,lambda_billed_ms_per_upload,cut_off
        """)
    static let appendedToTimeline = split("overflow")
    static let appendedToSamples = split("requests")

    static let samples = split(
        """
        scenario,size_bytes,round,upload,worker,warmup,intended_us,started_us,ended_us,response_us,\
        service_us,authorize_us,upload_us,notify_us,connect_us,tls_us,send_us,wait_us,outcome,http_status,\
        error_code,retries,bytes_sent,bytes_received
        """)

    static let timeline = split(
        """
        scenario,size_bytes,round,second,uploads,errors,bytes,response_p50_us,response_p99_us,in_flight
        """)

    static let histograms = split("scenario,size_bytes,round,metric,lowest_us,highest_us,count")

    private static func split(_ columns: String) -> [String] {
        columns.split(separator: ",").map(String.init)
    }
}
