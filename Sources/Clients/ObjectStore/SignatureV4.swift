import Crypto
import Host
import Maintenance

/// AWS Signature Version 4, in the `Authorization` header.
struct SignatureV4: Sendable {
    let region: String
    let service: String
    let credentials: AWSCredentials
    let now: Instant

    /// A request as the signature sees it.
    struct Request: Sendable {
        let method: String
        /// In percent form.
        let path: String
        /// Sorted, in percent form.
        let query: String
        /// With `Host`.
        var headers: [(name: String, value: String)]
        let body: [UInt8]
    }

    /// The headers to send: those given, the time, the token, and the signature over all of them.
    func signed(_ request: Request) -> [(name: String, value: String)] {
        let time = AWSText.timestamp(now)
        let digest = hex(SHA256.hash(data: request.body))
        var headers = request.headers + [(name: "x-amz-date", value: time)]
        // Only S3 wants it as a header; all services want it in the canonical request.
        if service == "s3" { headers.append((name: "x-amz-content-sha256", value: digest)) }
        if let token = credentials.sessionToken {
            headers.append((name: "x-amz-security-token", value: token.reveal()))
        }
        let scope = "\(time.prefix(8))/\(region)/\(service)/aws4_request"
        let (canonical, names) = canonical(request, headers, digest)
        let text = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(hex(SHA256.hash(data: Array(canonical.utf8))))"
        let signature = hex(Self.code(text, key: key(String(time.prefix(8)))))
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope), "
            + "SignedHeaders=\(names), Signature=\(signature)"
        return headers + [(name: "Authorization", value: authorization)]
    }

    /// Every header is signed: one that somebody on the way adds or alters is found out.
    func canonical(
        _ request: Request, _ headers: [(name: String, value: String)], _ digest: String
    ) -> (text: String, names: String) {
        let lines = headers.map { (name: $0.name.lowercased(), value: Self.trimmed($0.value)) }
            .sorted { $0.name < $1.name }
        let names = lines.map(\.name).joined(separator: ";")
        let text = [
            request.method, request.path.isEmpty ? "/" : request.path, request.query,
            lines.map { "\($0.name):\($0.value)\n" }.joined(), names, digest,
        ].joined(separator: "\n")
        return (text, names)
    }

    private func key(_ day: String) -> HashedAuthenticationCode<SHA256> {
        var code = Self.code(day, key: Array("AWS4\(credentials.secretKey.reveal())".utf8))
        for part in [region, service, "aws4_request"] { code = Self.code(part, key: code) }
        return code
    }

    private static func code(_ text: String, key: some Sequence<UInt8>) -> HashedAuthenticationCode<SHA256> {
        HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: Array(key)))
    }

    /// Without spaces around it, and inner ones as one.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
