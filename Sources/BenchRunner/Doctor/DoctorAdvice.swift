/// What can be pasted to put a bucket right.
enum DoctorAdvice {
    /// For the user or role that signs.
    static func policy(bucket: String, prefix: String) -> [String] {
        """
        allow it to the user or role that signs (IAM policy):
          {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:GetObject", "s3:DeleteObject",
              "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
             "Resource": "arn:aws:s3:::\(bucket)/\(prefix)*"},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:ListBucketMultipartUploads"],
             "Resource": "arn:aws:s3:::\(bucket)"}]}
        """.lines
    }

    static func cors(bucket: String, origin: String, endpoint: String) -> [String] {
        """
        allow it to pages of \(origin) (cors.json):
          {"CORSRules": [{"AllowedOrigins": ["\(origin)"], "AllowedMethods": ["PUT", "POST"],
            "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 3600}]}
          aws --endpoint-url \(endpoint) s3api put-bucket-cors --bucket \(bucket) --cors-configuration file://cors.json
        """.lines
    }

    static func acceleration(bucket: String) -> [String] {
        [
            "aws s3api put-bucket-accelerate-configuration --bucket \(bucket) --accelerate-configuration"
                + " Status=Enabled (takes up to 30 minutes; no dots in the bucket's name)"
        ]
    }

    static let clock = [
        "set this machine's clock (chronyd, systemd-timesyncd): S3 refuses signatures that are more than"
            + " 15 minutes off, and presigned URLs begin and end by its clock"
    ]

    /// What an S3 error code asks of its reader; nil for one that says enough.
    static func credentials(_ code: String, source: String) -> [String]? {
        let what: [String: String] = [
            "InvalidAccessKeyId": "the access key is not known there",
            "SignatureDoesNotMatch": "the secret key does not belong to the access key",
            "InvalidToken": "the session token is not valid",
            "ExpiredToken": "the session has ended",
            "RequestTimeTooSkewed": "this machine's clock is wrong",
        ]
        return what[code].map { ["\($0); the credentials come from \(source)"] }
    }
}

extension String {
    fileprivate var lines: [String] { split(separator: "\n").map(String.init) }
}
