/// `--target aws`: where the bucket's region has S3, or where the environment and the profile say that S3
/// is.
struct AWSTarget: Sendable, Equatable {
    let storeURL: String
    /// nil where acceleration is not offered.
    let accelerateURL: String?
    let region: String

    /// - Parameter region: of the flag; nil: of the environment or the profile.
    init(
        _ environment: AWSEnvironment, region given: String?
    ) throws(CredentialError) {
        let place = AWSPlace(environment, try environment.profiles())
        guard let region = given ?? place.region else {
            throw CredentialError(
                "--target aws needs a region: --region NAME, AWS_REGION or the profile's 'region'")
        }
        self.region = region
        let (dualStack, fips) = (place.usesDualStack, place.usesFIPS)
        if let url = place.configuredEndpoint("s3") {
            storeURL = url
            accelerateURL = nil
            return
        }
        storeURL = AWSHosts.store(region: region, dualStack: dualStack, fips: fips)
        accelerateURL = AWSHosts.accelerate(region: region, dualStack: dualStack, fips: fips)
    }
}
