public import Host
import Maintenance

/// An object, as a listing or a look at it has it.
public struct StoredObject: Hashable, Sendable {
    /// The whole key.
    public let key: String
    public let size: Int64
    /// When it was stored, by the store's clock.
    public let modified: Instant
    /// Without quotes; the MD5 of the bytes only where they came in one piece and the store does not encrypt them.
    public let etag: String
    /// `STANDARD`, `GLACIER` …; `nil` where the store does not say.
    public let storageClass: String?

    public init(key: String, size: Int64, modified: Instant, etag: String, storageClass: String? = nil) {
        self.key = key
        self.size = size
        self.modified = modified
        self.etag = etag
        self.storageClass = storageClass
    }

    /// What follows the last slash of the key.
    public var name: String { key.lastIndex(of: "/").map { String(key[key.index(after: $0)...]) } ?? key }
}

/// What a listing brought.
public struct ObjectListing: Hashable, Sendable {
    /// In the order of their keys' bytes.
    public internal(set) var objects: [StoredObject] = []
    /// The prefixes up to the delimiter, where one was given.
    public internal(set) var folders: [String] = []
    /// False where there is more than was read: what is newest or largest may not be here.
    public internal(set) var isComplete = true
}

/// An upload that was begun and is not finished: its parts are stored, and paid for, until somebody ends it.
public struct UnfinishedUpload: Hashable, Sendable {
    public let key: String
    public let id: String
    public let begun: Instant
}

extension ObjectStoreAccess {
    /// The objects below the target's prefix, or below a longer one; page after page, up to `limit` of them.
    public func list(
        prefix: String? = nil, delimiter: String? = nil, startAfter: String? = nil,
        limit: Int = ObjectStoreLimits.listing
    ) async throws -> ObjectListing {
        let prefix = prefix ?? address.prefix
        var listing = ObjectListing()
        var token: String?
        repeat {
            var query = [("list-type", "2"), ("prefix", prefix), ("encoding-type", "url")]
            query.append(("max-keys", String(min(ObjectStoreLimits.page, max(1, limit - listing.objects.count)))))
            if let delimiter { query.append(("delimiter", delimiter)) }
            if let token {
                query.append(("continuation-token", token))
            } else if let startAfter {
                query.append(("start-after", startAfter))
            }
            let answer = try await look(S3Request(operation: .list, query: query))
            let page = try Page(try document(answer, root: "ListBucketResult"), prefix: prefix, malformed)
            guard page.next == nil || page.next != token, page.next == nil || !page.isEmpty else {
                throw malformed("a listing that never ends")
            }
            listing.objects += page.objects
            listing.folders += page.folders
            token = page.next
            if token != nil { context.progress(Progress(done: Double(listing.objects.count), "objects listed")) }
        } while token != nil && listing.objects.count + listing.folders.count < limit
        listing.isComplete = token == nil
        return listing
    }

    /// The unfinished uploads below the target's prefix, or of one key.
    public func unfinishedUploads(prefix: String? = nil) async throws -> [UnfinishedUpload] {
        let prefix = prefix ?? address.prefix
        var found: [UnfinishedUpload] = []
        var marker: (key: String, id: String)?
        repeat {
            var query = [("uploads", ""), ("prefix", prefix), ("encoding-type", "url")]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let answer: S3Answer
            do {
                answer = try await send(
                    S3Request(operation: .listUploads, query: query), limit: ObjectStoreLimits.document)
            } catch let failure as S3Failure {
                // What some stores say where no upload was ever begun.
                if failure.code == "NoSuchUpload" { return found }
                throw CouldNotLook(failure.cause)
            }
            let root = try document(answer, root: "ListMultipartUploadsResult")
            let isEncoded = root["EncodingType"] == "url"
            for upload in root.all("Upload") {
                guard let key = upload["Key"].flatMap({ Page.decoded($0, isEncoded) }), let id = upload["UploadId"],
                    let begun = upload["Initiated"].flatMap({ Instant($0) }), key.hasPrefix(prefix)
                else { throw malformed("an upload without a key of the prefix, id or time") }
                found.append(UnfinishedUpload(key: key, id: id, begun: begun))
            }
            guard root["IsTruncated"] == "true" else { return found }
            guard let key = root["NextKeyMarker"].flatMap({ Page.decoded($0, isEncoded) }),
                let id = root["NextUploadIdMarker"], marker?.key != key || marker?.id != id
            else { throw malformed("a list of uploads that never ends") }
            marker = (key, id)
        } while found.count < ObjectStoreLimits.uploads
        throw CouldNotLook(
            .tooLarge,
            "\(identity) has more than \(ObjectStoreLimits.uploads) unfinished uploads; name a longer prefix.")
    }
}

/// One page of a listing.
private struct Page {
    var objects: [StoredObject] = []
    var folders: [String] = []
    /// Where the next page begins; `nil` at the end.
    let next: String?

    var isEmpty: Bool { objects.isEmpty && folders.isEmpty }

    init(_ root: XMLElement, prefix: String, _ malformed: (String) -> CouldNotLook) throws {
        let isEncoded = root["EncodingType"] == "url"
        // Without this word a listing that was cut behind the last object would seem complete.
        guard let isTruncated = root["IsTruncated"].flatMap({ Bool($0) }) else {
            throw malformed("a listing that does not say whether it is complete")
        }
        next = isTruncated ? root["NextContinuationToken"] : nil
        guard !isTruncated || next?.isEmpty == false else { throw malformed("a listing whose next page has no name") }
        for entry in root.children {
            switch entry.name {
            case "Contents":
                guard let key = entry["Key"].flatMap({ Self.decoded($0, isEncoded) }), key.hasPrefix(prefix),
                    let size = entry["Size"].flatMap({ Int64($0) }), size >= 0,
                    let modified = entry["LastModified"].flatMap({ Instant($0) })
                else { throw malformed("an object without a key of the prefix, size or time") }
                objects.append(
                    StoredObject(
                        key: key, size: size, modified: modified, etag: (entry["ETag"] ?? "").unquoted,
                        storageClass: entry["StorageClass"]))
            case "CommonPrefixes":
                guard let folder = entry["Prefix"].flatMap({ Self.decoded($0, isEncoded) }), folder.hasPrefix(prefix)
                else { throw malformed("a folder without a name of the prefix") }
                folders.append(folder)
            default: break
            }
        }
    }

    /// As forms have it: a plus is a space.
    static func decoded(_ text: String, _ isEncoded: Bool) -> String? {
        isEncoded ? text.replacing("+", with: " ").percentDecoded : text
    }
}

extension String {
    /// Without the quotes around an entity tag.
    var unquoted: String {
        hasPrefix("\"") && hasSuffix("\"") && utf8.count >= 2 ? String(dropFirst().dropLast()) : self
    }
}
