import Crypto
import Host
import Maintenance

extension ObjectStoreAccess {
    /// Stores a file: in one piece, or in parts where it is large. The object appears only when all of it is there; what
    /// a failed upload left is taken away, and where that fails too, `unfinishedUploads` finds it.
    ///
    /// A file that changes meanwhile is no file to keep: `ChangeFailed`.
    public func upload(
        _ key: String, file path: String, _ options: StoreOptions = StoreOptions()
    ) async throws -> StoreReceipt {
        let file = try await FileParts.open(path, until: context.deadline, on: context.host)
        do {
            let receipt: StoreReceipt
            if file.size <= ObjectStoreLimits.single {
                let bytes = try await file.read(at: 0, count: Int(file.size), until: context.deadline)
                try await file.checkUnchanged(until: context.deadline)
                receipt = try await put(key, bytes, options)
            } else {
                receipt = try await uploadParts(key, of: file, options)
            }
            file.close()
            return receipt
        } catch {
            file.close()
            throw error
        }
    }

    /// Ends an unfinished upload and frees its parts; one that is not there is as good as ended.
    public func abort(_ upload: UnfinishedUpload) async throws {
        do { try await abort(upload.key, upload.id) } catch let error as ChangeFailed {
            guard error.cause.code == .notFound else { throw error }
        }
    }

    private func uploadParts(_ key: String, of file: FileParts, _ options: StoreOptions) async throws -> StoreReceipt {
        let id = try await begin(key, options)
        do {
            let size = FileParts.partSize(of: file.size)
            var parts: [(number: Int, etag: String)] = []
            var hash = SHA256()
            var offset: Int64 = 0
            while offset < file.size {
                let count = Int(min(Int64(size), file.size - offset))
                let bytes = try await file.read(at: offset, count: count, until: context.deadline)
                hash.update(data: bytes)
                parts.append((parts.count + 1, try await send(part: parts.count + 1, of: id, key, bytes)))
                offset += Int64(count)
                context.progress(Progress(done: Double(offset), total: Double(file.size), "bytes sent"))
            }
            try await file.checkUnchanged(until: context.deadline)
            let etag = try await complete(key, id, parts, options)
            return StoreReceipt(
                key: key, size: file.size, sha256: hex(hash.finalize()), etag: etag, parts: parts.count)
        } catch let error as CouldNotLook where error.cause.code == .perhapsApplied {
            throw error
        } catch {
            await clear(key, id)
            throw error
        }
    }

    private func begin(_ key: String, _ options: StoreOptions) async throws -> String {
        // The condition is for the moment at which the object appears.
        let headers = try Self.headers(StoreOptions(contentType: options.contentType, metadata: options.metadata))
        let request = S3Request(operation: .createUpload, key: key, query: [("uploads", "")], headers: headers)
        let answer = try await change(request)
        do { return try uploadID(answer, key) } catch let problem as XMLProblem {
            throw malformed(problem.words)
        }
    }

    private func uploadID(_ answer: S3Answer, _ key: String) throws -> String {
        let root = try XMLDocument.parse(answer.body)
        guard let id = root["UploadId"], !id.isEmpty, root["Key"].map({ $0 == key }) != false else {
            throw malformed("an upload without an id, or of another key")
        }
        return id
    }

    private func send(part number: Int, of id: String, _ key: String, _ bytes: [UInt8]) async throws -> String {
        let answer = try await change(
            S3Request(
                operation: .uploadPart, key: key, query: [("partNumber", String(number)), ("uploadId", id)],
                headers: [(name: "Content-MD5", value: Self.md5(bytes))], body: bytes))
        guard let etag = answer.header("etag"), !etag.isEmpty else { throw malformed("a part without an entity tag") }
        return etag
    }

    private func complete(
        _ key: String, _ id: String, _ parts: [(number: Int, etag: String)], _ options: StoreOptions
    ) async throws -> String {
        let list = parts.map { part in
            let etag = part.etag.unquoted.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
            return "<Part><PartNumber>\(part.number)</PartNumber><ETag>&quot;\(etag)&quot;</ETag></Part>"
        }
        let body = "<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>"
        let request = S3Request(
            operation: .completeUpload, key: key, query: [("uploadId", id)],
            headers: try Self.headers(StoreOptions(onlyIfAbsent: options.onlyIfAbsent)), body: Array(body.utf8))
        let answer: S3Answer
        do { answer = try await change(request) } catch let error as CouldNotLook {
            throw CouldNotLook(
                .perhapsApplied,
                "The end of the upload of `\(key)` was not confirmed (\(error.cause.code.rawValue)): "
                    + "the object may be there, or its parts; look.")
        }
        // An upload that takes long is answered 200 at first, and with an error at the end.
        let root: XMLElement
        do { root = try XMLDocument.parse(answer.body) } catch {
            throw CouldNotLook(
                .perhapsApplied, "The end of the upload of `\(key)` was answered with \(error.words): look.")
        }
        guard root.name == "CompleteMultipartUploadResult" else {
            let failed = S3Answer(status: 500, headers: answer.headers, body: answer.body)
            throw ChangeFailed(S3Failure(failed, to: request, at: address, clock: clock).cause)
        }
        return (root["ETag"] ?? "").unquoted
    }

    private func abort(_ key: String, _ id: String) async throws {
        _ = try await change(S3Request(operation: .abortUpload, key: key, query: [("uploadId", id)]))
    }

    /// After a failure, with a little time of its own; a step that was cancelled leaves it to the next one.
    private func clear(_ key: String, _ id: String) async {
        let context = Context(
            host: context.host, deadline: context.host.steady() + ObjectStoreLimits.abort, label: context.label,
            evidence: context.evidence)
        let access = ObjectStoreAccess(client: client, address: address, purpose: purpose, context: context)
        try? await access.abort(key, id)
    }
}
