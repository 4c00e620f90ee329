import ClientHTTP
import Crypto
import Host
import Maintenance

/// What the store says of one object.
public struct ObjectHead: Hashable, Sendable {
    public let object: StoredObject
    public let contentType: String?
    /// The user's own, by names in lower case and without `x-amz-meta-`.
    public let metadata: [String: String]
}

/// A part of an object's bytes, or all of them.
public struct ObjectBytes: Sendable {
    public let bytes: [UInt8]
    /// Of the whole object.
    public let size: Int64
    public let etag: String
}

/// What was read of an object, whose bytes went to a handler.
public struct ReadReceipt: Hashable, Sendable {
    public let count: Int64
    /// SHA-256 of these bytes, in hex.
    public let sha256: String
    public let etag: String
}

extension ObjectStoreAccess {
    /// - Throws: `CouldNotLook(.notFound)` where it is not there.
    public func head(_ key: String) async throws -> ObjectHead {
        let answer = try await look(S3Request(operation: .head, key: key))
        return try head(key, answer)
    }

    /// `nil` where it is not there.
    public func find(_ key: String) async throws -> ObjectHead? {
        do {
            let answer = try await send(S3Request(operation: .head, key: key), limit: ObjectStoreLimits.errorAnswer)
            return try head(key, answer)
        } catch let failure as S3Failure {
            // A HEAD has no body to say whether the bucket is there; the listing has.
            guard failure.isMissing else { throw CouldNotLook(failure.cause) }
            _ = try await list(prefix: key, limit: 1)
            return nil
        }
    }

    private func head(_ key: String, _ answer: S3Answer) throws -> ObjectHead {
        guard let size = answer.header("content-length").flatMap({ Int64($0) }), size >= 0,
            let modified = answer.header("last-modified").flatMap({ HTTPDate.instant($0) })
        else { throw malformed("an object without size or time") }
        let marker = "x-amz-meta-"
        let metadata = answer.headers.filter { $0.name.lowercased().hasPrefix(marker) }
            .map { (String($0.name.lowercased().dropFirst(marker.count)), $0.value) }
        return ObjectHead(
            object: StoredObject(
                key: key, size: size, modified: modified, etag: (answer.header("etag") ?? "").unquoted,
                storageClass: answer.header("x-amz-storage-class")),
            contentType: answer.header("content-type"), metadata: Dictionary(metadata) { first, _ in first })
    }

    /// The bytes of an object, or of a range of it; of a longer one than `limit`, `too-large`.
    ///
    /// - Parameter etag: the bytes must be of this object and not of one that replaced it since.
    public func get(
        _ key: String, range: Range<Int64>? = nil, etag: String? = nil, limit: Int = ObjectStoreLimits.object
    ) async throws -> ObjectBytes {
        if let range, range.isEmpty || range.count > limit {
            throw CouldNotLook(.tooLarge, "A part of 1 to \(limit) bytes can be read at a time.")
        }
        let request = S3Request(operation: .get, key: key, headers: Self.headers(range, etag))
        let answer = try await look(request, limit: max(limit, ObjectStoreLimits.errorAnswer))
        guard answer.body.count <= limit else {
            throw CouldNotLook(.tooLarge, "`\(key)` in \(identity) is larger than \(limit) bytes.")
        }
        let part = try Part(answer.status, header: answer.header, asked: range)
        guard Int64(answer.body.count) == part.count else {
            throw malformed("another number of bytes than it announced")
        }
        return ObjectBytes(bytes: answer.body, size: part.size, etag: (answer.header("etag") ?? "").unquoted)
    }

    /// Hands an object over piece by piece, hashing on the way; the memory that it needs does not grow with the object.
    /// It is not begun again when the connection is lost in its midst.
    public func read(
        _ key: String, range: Range<Int64>? = nil, etag: String? = nil,
        to handler: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> ReadReceipt {
        let request = S3Request(operation: .get, key: key, headers: Self.headers(range, etag))
        let receipt = Received()
        do {
            let answer = try await attempts(request, mayRepeat: { !receipt.hasBegun }) { call, transport in
                try await stream(call, over: transport, asked: range, into: receipt, handler)
            }
            let (count, digest) = receipt.result
            note(request, "HTTP \(answer.status)\n\(count) bytes, sha256: \(digest)")
            return ReadReceipt(count: count, sha256: digest, etag: (answer.header("etag") ?? "").unquoted)
        } catch let failure as S3Failure {
            note(request, "HTTP \(failure.status) \(failure.code)")
            throw CouldNotLook(failure.cause)
        }
    }

    private func stream(
        _ call: HTTPCall, over transport: HTTPTransport, asked range: Range<Int64>?, into receipt: Received,
        _ handler: @escaping @Sendable ([UInt8]) async throws -> Void
    ) async throws -> S3Answer {
        let started = context.host.steady()
        let access = self
        return try await transport.stream(call, in: context, silence: ObjectStoreLimits.silence) { head, chunks in
            var body: [UInt8] = []
            let isData = (200...299).contains(head.status)
            access.observe(
                S3Answer(status: head.status, headers: head.headers, body: []),
                waited: access.context.host.steady() - started)
            let part = isData ? try Part(head.status, header: head.header, asked: range) : nil
            if isData { receipt.begin() }
            for try await chunk in chunks {
                guard isData else {
                    body += chunk.prefix(ObjectStoreLimits.errorAnswer - body.count)
                    continue
                }
                receipt.add(chunk)
                try await handler(chunk)
            }
            if let part, receipt.result.count != part.count {
                throw CouldNotLook(.malformed, "`\(call.method)`: another number of bytes came than was announced.")
            }
            return S3Answer(status: head.status, headers: head.headers, body: body)
        }
    }

    private static func headers(_ range: Range<Int64>?, _ etag: String?) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        if let range { headers.append((name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")) }
        if let etag { headers.append((name: "If-Match", value: "\"\(etag)\"")) }
        return headers
    }
}

/// Which part of the object an answer holds, by its own word; some stores say 200 where 206 is meant.
private struct Part {
    /// Of the whole object.
    let size: Int64
    /// Of this part.
    let count: Int64

    init(_ status: Int, header: (String) -> String?, asked: Range<Int64>?) throws(CouldNotLook) {
        let length = header("content-length").flatMap { Int64($0) }
        guard let asked else {
            guard let length else { throw CouldNotLook(.malformed, "The store does not say how long the object is.") }
            (size, count) = (length, length)
            return
        }
        guard let text = header("content-range"), text.hasPrefix("bytes ") else {
            throw CouldNotLook(.notSupported, "The store does not give parts of objects; it answered with the whole.")
        }
        let numbers = text.dropFirst(6).split { $0 == "-" || $0 == "/" }.map { Int64($0) }
        guard numbers.count == 3, let first = numbers[0], let last = numbers[1], let whole = numbers[2],
            first == asked.lowerBound, last < asked.upperBound, last >= first, whole > last
        else {
            throw CouldNotLook(.malformed, "The store answered with another part of the object than was asked for.")
        }
        (size, count) = (whole, last - first + 1)
    }
}
