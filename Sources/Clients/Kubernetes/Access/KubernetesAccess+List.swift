import ClientHTTP
import Maintenance

/// A part of a list.
public struct KubernetesPage: Sendable {
    public let objects: [KubernetesObject]
    /// True for the first page, and again where the list had to begin anew: what came before no longer counts.
    public let isFirst: Bool
}

extension KubernetesAccess {
    /// All objects that the selectors choose, every page, without `managedFields`. An empty `namespace` is all of them.
    ///
    /// A namespace that does not exist has no objects either: what must be there is for the caller to know.
    public func list(
        _ resource: KubernetesResource, labels: String? = nil, fields: String? = nil, namespace: String? = nil
    ) async throws -> KubernetesList {
        var objects: [KubernetesObject] = []
        let version = try await pages(resource, labels: labels, fields: fields, namespace: namespace) { page in
            if page.isFirst { objects = [] }
            objects += page.objects
        }
        return KubernetesList(objects: objects, resourceVersion: version)
    }

    /// As `list`, page by page, for what need not be in memory all at once; returns the list's resourceVersion.
    @discardableResult
    public func pages(
        _ resource: KubernetesResource, labels: String? = nil, fields: String? = nil, namespace: String? = nil,
        _ body: (KubernetesPage) throws -> Void
    ) async throws -> String {
        let request = try KubernetesRequest("list", "GET", resource, namespace: namespace ?? self.namespace)
            .asking([("labelSelector", labels), ("fieldSelector", fields)])
        do {
            return try await pages(request, body)
        } catch let failure as KubernetesFailure {
            throw CouldNotLook(failure.cause)
        }
    }

    private func pages(_ request: KubernetesRequest, _ body: (KubernetesPage) throws -> Void) async throws -> String {
        var reading = PageReading(size: bounds.pageSize)
        while true {
            let page = request.asking([("limit", String(reading.size)), ("continue", reading.token)])
            let answer: HTTPAnswer
            do {
                answer = try await ask(page, limit: bounds.pageBytes)
            } catch let error as CouldNotLook where error.cause.code == .tooLarge && reading.isSmaller() {
                continue
            } catch let failure as KubernetesFailure where failure.isGone && reading.isRestarted() {
                continue
            }
            let part = try listed(try document(answer.body, request, leaving: .managedFields), request)
            try body(KubernetesPage(objects: part.objects, isFirst: reading.token == nil))
            guard let more = try reading.take(part, digest: sha256Hex(answer.body), request, identity) else { break }
            reading.token = more
        }
        note(
            "\(request.statement) (\(reading.pages) \(reading.pages == 1 ? "page" : "pages"))",
            "\(reading.count) \(request.resource?.plural ?? "objects") resourceVersion \(reading.version) "
                + "sha256 \(sha256Hex(reading.digests.utf8))")
        return reading.version
    }

    /// What a page must have: an answer that only looks like one is no proof that there is nothing.
    private func listed(_ json: JSONValue, _ request: KubernetesRequest) throws -> ListedPage {
        let wrong = CouldNotLook(.malformed, "\(identity) answered \(request.words) with something that is no list.")
        guard json["kind"]?.asText?.hasSuffix("List") == true, let items = json["items"]?.asList,
            let version = json["metadata"]?["resourceVersion"]?.asText
        else { throw wrong }
        let objects = items.map(KubernetesObject.init)
        guard objects.allSatisfy({ !$0.name.isEmpty }) else { throw wrong }
        return ListedPage(objects: objects, version: version, more: json["metadata"]?["continue"]?.asText)
    }
}

private struct ListedPage {
    let objects: [KubernetesObject]
    let version: String
    let more: String?
}

/// How far the reading of a list is.
private struct PageReading {
    var size: Int
    var token: String?
    var version = ""
    var count = 0
    var pages = 0
    var digests = ""
    private var hasRestarted = false

    /// Where a page is too large, fewer objects are asked for.
    mutating func isSmaller() -> Bool {
        defer { size = max(1, size / 8) }
        return size > 1
    }

    /// Where the rest of a list is no longer kept, the list begins anew, once.
    mutating func isRestarted() -> Bool {
        guard token != nil, !hasRestarted else { return false }
        self = PageReading(size: size, hasRestarted: true)
        return true
    }

    init(size: Int, hasRestarted: Bool = false) {
        self.size = size
        self.hasRestarted = hasRestarted
    }

    /// Counts a page; where the list goes on, how.
    mutating func take(
        _ page: ListedPage, digest: String, _ request: KubernetesRequest, _ identity: String
    ) throws -> String? {
        if token == nil { version = page.version }
        count += page.objects.count
        pages += 1
        digests += digest
        guard count <= KubernetesLimits.objects else {
            throw CouldNotLook(
                .tooLarge, "\(identity) has more than \(KubernetesLimits.objects) objects to \(request.words).")
        }
        guard let more = page.more, !more.isEmpty else { return nil }
        guard more != token, !page.objects.isEmpty else {
            throw CouldNotLook(.malformed, "\(identity) does not come to the end of \(request.words).")
        }
        return more
    }
}
