import Crypto
import FoundationEssentials
import Host
import Maintenance

/// How an object is stored.
public struct StoreOptions: Sendable {
    public var contentType: String?
    /// The user's own, by names of letters, figures and `-`; kept with the object.
    public var metadata: [String: String]
    /// Refused with `conflict` where an object of that key is there. Stores that do not know the condition (rclone)
    /// replace it all the same: look first, too.
    public var onlyIfAbsent: Bool

    public init(contentType: String? = nil, metadata: [String: String] = [:], onlyIfAbsent: Bool = false) {
        self.contentType = contentType
        self.metadata = metadata
        self.onlyIfAbsent = onlyIfAbsent
    }
}

/// What the store confirmed.
public struct StoreReceipt: Codable, Hashable, Sendable {
    public let key: String
    public let size: Int64
    /// SHA-256 of what was sent, in hex.
    public let sha256: String
    public let etag: String
    /// 1 where it went in one piece.
    public let parts: Int
}

extension ObjectStoreAccess {
    /// Stores bytes in one piece. The store checks them against their MD5 and the signed SHA-256, and refuses others.
    public func put(
        _ key: String, _ bytes: [UInt8], _ options: StoreOptions = StoreOptions()
    ) async throws -> StoreReceipt {
        guard bytes.count <= ObjectStoreLimits.object else {
            throw ChangeFailed(.tooLarge, "More than \(ObjectStoreLimits.object) bytes go as a file, in parts.")
        }
        var headers = try Self.headers(options)
        headers.append((name: "Content-MD5", value: Self.md5(bytes)))
        let request = S3Request(operation: .put, key: key, headers: headers, body: bytes)
        let answer = try await change(request)
        return StoreReceipt(
            key: key, size: Int64(bytes.count), sha256: sha256Hex(bytes),
            etag: (answer.header("etag") ?? "").unquoted, parts: 1)
    }

    /// Deletes an object; one that is not there is as good as deleted.
    public func delete(_ key: String) async throws {
        do { _ = try await change(S3Request(operation: .delete, key: key)) } catch let error as ChangeFailed {
            guard error.cause.code == .notFound else { throw error }
            // Not the object may be missing but the bucket, and then nothing is as it should be.
            _ = try await list(prefix: key, limit: 1)
        }
    }

    static func md5(_ bytes: [UInt8]) -> String {
        Data(Insecure.MD5.hash(data: bytes)).base64EncodedString()
    }

    static func headers(_ options: StoreOptions) throws(ChangeFailed) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let type = options.contentType { headers.append((name: "Content-Type", value: type)) }
        if options.onlyIfAbsent { headers.append((name: "If-None-Match", value: "*")) }
        var size = 0
        for (name, value) in options.metadata.sorted(by: { $0.key < $1.key }) {
            let isName = !name.isEmpty && name.utf8.allSatisfy { isNameByte($0) }
            guard isName, value.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) else {
                throw ChangeFailed(.rejected, "Metadata are plain ASCII, their names letters, figures and `-`.")
            }
            size += name.utf8.count + value.utf8.count
            headers.append((name: "x-amz-meta-\(name.lowercased())", value: value))
        }
        guard size <= ObjectStoreLimits.metadata else {
            throw ChangeFailed(.tooLarge, "Metadata are at most \(ObjectStoreLimits.metadata) bytes.")
        }
        return headers
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte) || byte == UInt8(ascii: "-")
    }
}
