public import Maintenance

extension Right {
    /// Rights on a bucket are statements of IAM. `{bucket}` and `{prefix}` stand for the target's.
    ///
    /// Listing is allowed on the bucket, for keys of the prefix; the rest on the objects below it.
    public static func s3(_ purpose: Purpose, _ actions: String..., reason: String) -> [Right] {
        actions.map { action in
            let ofBucket = action == "s3:ListBucket" || action == "s3:ListBucketMultipartUploads"
            let resource = "arn:aws:s3:::{bucket}" + (ofBucket ? "" : "/{prefix}*")
            let condition = ofBucket ? #","Condition":{"StringLike":{"s3:prefix":"{prefix}*"}}"# : ""
            return Right(
                S3Kind.name, purpose,
                #"{"Effect":"Allow","Action":"\#(action)","Resource":"\#(resource)"\#(condition)}"#, reason: reason)
        }
    }
}
