import ClientHTTP
public import Host
public import Maintenance

/// A bucket of S3, or of a store that speaks its protocol, with the prefix below which the target's objects are.
public struct S3Kind: TargetKind {
    public static let name = "s3"
    public static let summary = "A bucket of S3, or of a store that speaks its protocol, and a prefix in it."
    public static let shorthand = "bucket"
    public static let schemes = ["s3"]
    public static var parameters: [Parameter<S3Kind>] {
        [
            .required(
                "bucket", \.bucket,
                "The bucket's name; or s3://bucket/prefix, which may end in ?endpoint=…&region=…&profile=…&addressing=…"
            ),
            .optional("prefix", \.prefix, default: "", "What the keys of the target begin with, such as gl008/."),
            .optional("endpoint", \.endpoint, default: nil, "The store's URL; without it, AWS's own for the region."),
            .optional(
                "region", \.region, default: nil,
                "The bucket's region; without it that of the environment or profile, and where the store says another, "
                    + "that one."),
            .optional(
                "addressing", \.addressing, default: nil,
                "`virtual` puts the bucket into the host name, `path` into the path; without it, `virtual` on AWS and "
                    + "`path` elsewhere and for names with a dot."),
            .optional("ca", \.ca, default: nil, "A PEM file of authorities to trust besides the system's."),
            .optional("profile", \.profile, default: nil, "The profile of AWS's shared files to sign in with."),
            .optional(
                "access-key", \.accessKey, default: nil,
                "The access key; without it and `profile`, credentials come from where AWS tools find them."),
            .optional("secret-key", \.secretKey, default: nil, "The secret key that belongs to `access-key`."),
            .optional("session-token", \.sessionToken, default: nil, "The token of temporary keys."),
        ]
    }

    var bucket = ""
    var prefix = ""
    var endpoint: String?
    var region: String?
    var addressing: S3Addressing?
    var ca: String?
    var profile: String?
    var accessKey: Secret?
    var secretKey: Secret?
    var sessionToken: Secret?

    public init() {}

    public var identity: String { (try? spelledOut().address())?.identity ?? "s3" }

    public var secrets: [Secret] { [accessKey, secretKey, sessionToken].compactMap(\.self).filter { !$0.isEmpty } }

    public func validate() throws(ValueError) {
        let spelledOut = try spelledOut()
        _ = try spelledOut.address()
        guard (accessKey == nil) == (secretKey == nil) else {
            throw ValueError("`access-key` and `secret-key` belong together")
        }
        guard sessionToken == nil || accessKey != nil else {
            throw ValueError("a token needs the keys that it belongs to", path: ["session-token"])
        }
        guard accessKey == nil || spelledOut.profile == nil else {
            throw ValueError("either keys or a `profile`, not both", path: ["profile"])
        }
        for secret in secrets where !secret.reveal().utf8.allSatisfy({ $0 > 32 && $0 < 127 }) {
            throw ValueError("a key or token holds a space, a line break or a character that none has")
        }
    }

    public func open(on host: Host) -> ObjectStoreClient {
        let spelledOut = (try? spelledOut()) ?? self
        return ObjectStoreClient(
            address: try? spelledOut.address(), authorities: ca,
            credentials: CredentialChain.Given(
                accessKey: accessKey, secretKey: secretKey, sessionToken: sessionToken, profile: spelledOut.profile),
            on: host)
    }

    public func access(
        _ client: ObjectStoreClient, for purpose: Purpose, in context: Context
    ) async throws -> ObjectStoreAccess {
        guard let address = client.address else {
            throw CouldNotLook(.notSupported, "The target is no bucket that can be reached: check its settings.")
        }
        return ObjectStoreAccess(client: client, address: address, purpose: purpose, context: context)
    }

    public func close(_ client: ObjectStoreClient) async { await client.close() }

    private func address() throws(ValueError) -> S3Address {
        try S3Address(bucket: bucket, prefix: prefix, endpoint: endpoint, region: region, addressing: addressing)
    }

    /// With the parts of an `s3://` URL in their own places.
    private func spelledOut() throws(ValueError) -> S3Kind {
        guard bucket.hasPrefix("s3://") else { return self }
        var result = self
        let rest = bucket.dropFirst(5)
        let path = rest.prefix { $0 != "?" }
        let name = path.prefix { $0 != "/" }
        result.bucket = String(name)
        let below = String(path.dropFirst(name.count + 1))
        guard below.isEmpty || prefix.isEmpty else {
            throw ValueError("the URL in `bucket` holds a prefix already", path: ["prefix"])
        }
        if !below.isEmpty { result.prefix = below }
        for item in rest.dropFirst(path.count + 1).split(separator: "&") {
            let key = item.prefix { $0 != "=" }
            guard let value = item.dropFirst(key.count + 1).percentDecoded, !value.isEmpty else {
                throw ValueError("`\(key)` in the URL has no value", path: ["bucket"])
            }
            switch key {
            case "endpoint": result.endpoint = value
            case "region": result.region = value
            case "profile": result.profile = value
            case "addressing": result.addressing = try S3Addressing.read(.text(value))
            default:
                throw ValueError(
                    "`\(key)` is no part of an s3 URL: endpoint, region, profile, addressing", path: ["bucket"])
            }
        }
        return result
    }
}
