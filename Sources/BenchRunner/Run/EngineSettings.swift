import Transfer

extension ClientPlan {
    /// How the engines of a run connect to the target.
    func engineSettings(_ target: RunTarget) -> TransferConfiguration {
        var settings = TransferConfiguration()
        settings.authoritiesPath = target.authoritiesPath ?? authoritiesPath
        settings.verifiesServer = verifiesServer
        settings.resumesTLSSessions = resumesTLSSessions
        return settings
    }
}
