import ClientHTTP
public import Maintenance

/// How a bucket stands in a URL.
public enum S3Addressing: String, WordValue {
    /// `https://endpoint/bucket/key`
    case path
    /// `https://bucket.endpoint/key`
    case virtual
}

/// Where a bucket is: everything but the credentials.
struct S3Address: Hashable, Sendable {
    let bucket: String
    /// The keys of the target begin with it; empty, or as it was given.
    let prefix: String
    /// `nil` for AWS itself, whose endpoint follows from the region.
    let endpoint: String?
    let region: String?
    let addressing: S3Addressing

    init(
        bucket: String, prefix: String, endpoint: String?, region: String?, addressing: S3Addressing?
    ) throws(ValueError) {
        guard (1...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy({ Self.bucketBytes.contains($0) }),
            bucket.first != ".", bucket.last != ".", !bucket.contains("..")
        else {
            throw ValueError("a bucket's name is letters, figures, `-` and `.`, up to 63 of them", path: ["bucket"])
        }
        guard prefix.utf8.count <= ObjectStoreLimits.key, !prefix.hasPrefix("/"), Self.canBeSent(prefix) else {
            throw ValueError(
                "a prefix is the beginning of a key: no slash in front, no `.` or `..` between slashes, no control "
                    + "characters", path: ["prefix"])
        }
        if let region, !Self.isRegion(region) {
            throw ValueError("`\(region)` is no region such as eu-central-1", path: ["region"])
        }
        var isAWS = true
        var named: String?
        if let endpoint {
            do {
                let parsed = try HTTPEndpoint(url: endpoint)
                isAWS = Self.isAWS(parsed.host)
                named = Self.region(inHost: parsed.host)
            } catch { throw error.under("endpoint") }
            guard !endpoint.contains("?") else {
                throw ValueError("an endpoint has no `?` part", path: ["endpoint"])
            }
        }
        self.bucket = bucket
        self.prefix = prefix
        self.endpoint = endpoint
        self.region = region ?? named
        let isHostName = bucket.utf8.allSatisfy {
            $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "_") && !(65...90 ~= $0)
        }
        // A certificate for *.endpoint does not cover a bucket with a dot.
        self.addressing = addressing ?? (isAWS && isHostName ? .virtual : .path)
        if self.addressing == .virtual {
            guard isHostName else {
                throw ValueError("this bucket's name cannot be a part of a host name; use `path`", path: ["addressing"])
            }
            if let endpoint, let parsed = try? HTTPEndpoint(url: endpoint), parsed.expectedName == nil {
                throw ValueError(
                    "the endpoint is an address, which cannot take the bucket's name; use `path`",
                    path: ["addressing"])
            }
        }
    }

    /// The base URL of requests, without a slash at its end.
    func url(region: String) -> String {
        var url = endpoint ?? "https://s3.\(region).\(Self.domain(of: region))"
        while url.hasSuffix("/") { url.removeLast() }
        guard addressing == .virtual, let mark = url.firstRange(of: "://") else { return url }
        return url[..<mark.upperBound] + bucket + "." + url[mark.upperBound...]
    }

    /// The path of an object below the base URL, or of the bucket itself, in percent form.
    func path(key: String?) -> String {
        let key = key.map { AWSText.path($0) } ?? ""
        switch addressing {
        case .path: return "/" + bucket + (key.isEmpty ? "" : "/" + key)
        case .virtual: return "/" + key
        }
    }

    /// What may appear anywhere.
    var identity: String {
        var place = region.map { "https://s3.\($0).\(Self.domain(of: $0))" } ?? "https://s3.amazonaws.com"
        if let endpoint { place = (try? HTTPEndpoint(url: endpoint).identity) ?? "its endpoint" }
        return "s3://\(bucket)/\(prefix) at \(place)"
    }

    static func domain(of region: String) -> String {
        region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
    }

    static func isRegion(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    }

    /// A key that a URL can carry as it is: dots between slashes would be taken for steps.
    static func canBeSent(_ key: String) -> Bool {
        key.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
            && !key.split(separator: "/").contains { $0 == "." || $0 == ".." }
    }

    private static func isAWS(_ host: String) -> Bool {
        host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")
    }

    /// `eu-west-1` of `s3.eu-west-1.amazonaws.com`.
    private static func region(inHost host: String) -> String? {
        let labels = host.split(separator: ".").map(String.init)
        guard isAWS(host), let index = labels.firstIndex(of: "amazonaws"), index >= 2, labels[index - 2] == "s3",
            isRegion(labels[index - 1])
        else { return nil }
        return labels[index - 1]
    }

    private static let bucketBytes = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._".utf8)
}
