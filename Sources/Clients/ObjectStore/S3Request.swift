import ClientHTTP
import Maintenance

/// What the store is asked to do, with the IAM action that allows it.
enum S3Operation: String, Hashable, Sendable {
    case list, head, get, put, delete, createUpload, uploadPart, completeUpload, abortUpload, listUploads, location

    var right: String {
        switch self {
        case .list: "s3:ListBucket"
        case .head, .get: "s3:GetObject"
        case .put, .createUpload, .uploadPart, .completeUpload: "s3:PutObject"
        case .delete: "s3:DeleteObject"
        case .abortUpload: "s3:AbortMultipartUpload"
        case .listUploads: "s3:ListBucketMultipartUploads"
        case .location: "s3:GetBucketLocation"
        }
    }

    var words: String {
        switch self {
        case .list: "listing"
        case .head: "looking at an object"
        case .get: "reading"
        case .put: "writing"
        case .delete: "deleting"
        case .createUpload, .uploadPart, .completeUpload: "uploading in parts"
        case .abortUpload: "ending an upload"
        case .listUploads: "listing uploads"
        case .location: "telling the region"
        }
    }

    var method: String {
        switch self {
        case .list, .get, .listUploads, .location: "GET"
        case .head: "HEAD"
        case .put, .uploadPart: "PUT"
        case .delete, .abortUpload: "DELETE"
        case .createUpload, .completeUpload: "POST"
        }
    }

    /// Doing it twice is as good as once.
    var isRepeatable: Bool { self != .createUpload && self != .completeUpload }
}

/// One request to a bucket or an object in it.
struct S3Request: Sendable {
    let operation: S3Operation
    var key: String?
    var query: [(String, String)] = []
    var headers: [(name: String, value: String)] = []

    /// Doing it twice is as good as once; with a precondition that its own success breaks it is not.
    var isRepeatable: Bool {
        operation.isRepeatable && !headers.contains { $0.name.lowercased() == "if-none-match" }
    }
    var body: [UInt8] = []

    /// For the evidence: nothing in it is secret.
    func statement(_ bucket: String) -> String {
        let items = query.map { $1.isEmpty ? $0 : "\($0)=\($1)" }.joined(separator: "&")
        let place = "s3://\(bucket)/\(key ?? "")" + (items.isEmpty ? "" : "?\(items)")
        let range = headers.first { $0.name == "Range" }.map { " \($0.value)" } ?? ""
        return "\(operation.method) \(place)\(range)"
    }
}

/// An answer of the store, with a body that fits into memory.
struct S3Answer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    /// The first header of that name, whatever its case.
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
}
