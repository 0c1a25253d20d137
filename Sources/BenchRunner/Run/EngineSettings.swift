import Transfer

extension ClientPlan {
    /// How each of a run's engines connects to the target.
    func engineSettings(_ target: RunTarget, threads: Int = 1) -> TransferConfiguration {
        var settings = TransferConfiguration()
        settings.authoritiesPath = target.authoritiesPath ?? authoritiesPath
        settings.verifiesServer = verifiesServer
        settings.resumesTLSSessions = resumesTLSSessions
        settings.idleTimeoutNs = idleTimeout.wholeNanoseconds
        settings.totalTimeoutNs = requestTimeout.wholeNanoseconds
        settings.connectionLimit = max(1, connectionLimit / threads)
        return settings
    }
}
