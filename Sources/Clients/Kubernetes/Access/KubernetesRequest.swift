import ClientHTTP
import Maintenance

/// One request to the API, and how to speak of it.
struct KubernetesRequest: Sendable {
    /// The API's verb, as rights name it: `list`, `patch`.
    var verb: String
    var method: String
    /// Without query.
    var path: String
    var query: [(String, String?)] = []
    var accept = "application/json"
    var contentType: String?
    var body: [UInt8]?
    var resource: KubernetesResource?
    var namespace = ""
    var name: String?
    var subresource: String?

    /// A request for a path that is no object's, such as `/version`.
    init(get path: String) {
        verb = "get"
        method = "GET"
        self.path = path
    }

    /// - Throws: `CouldNotLook` where a name cannot stand in a path.
    init(
        _ verb: String, _ method: String, _ resource: KubernetesResource, namespace: String, name: String? = nil,
        subresource: String? = nil
    ) throws {
        for text in [name, subresource, resource.namespaced ? namespace : nil].compactMap({ $0 }) {
            guard text != ".", text != "..", !text.contains("/"), text.utf8.count <= KubernetesLimits.message else {
                throw CouldNotLook(.rejected, "A name of \(resource.plural) holds what no name can.")
            }
        }
        guard name != "" else { throw CouldNotLook(.rejected, "A name of \(resource.plural) is empty.") }
        self.verb = verb
        self.method = method
        self.resource = resource
        self.namespace = resource.namespaced ? namespace : ""
        self.name = name
        self.subresource = subresource
        path = resource.path(namespace: namespace, name: name, subresource: subresource)
    }

    /// With a JSON body.
    func carrying(_ document: JSONValue, as contentType: String = "application/json") throws -> KubernetesRequest {
        var request = self
        do { request.body = try encodeJSON(document) } catch {
            throw CouldNotLook(.rejected, "What is to be sent to \(words) cannot be written as JSON.")
        }
        request.contentType = contentType
        return request
    }

    func asking(_ items: [(String, String?)]) -> KubernetesRequest {
        var request = self
        request.query += items
        return request
    }

    var target: String { path + PathText.query(query) }

    /// As evidence has it. Selectors are no secrets; tokens of pages are noise.
    var statement: String { "\(method) \(path)\(PathText.query(query.filter { $0.0 != "continue" }))" }

    /// True for what a look may send: reading, and asking what one may do.
    var isLook: Bool {
        if method == "GET" { return true }
        return method == "POST" && subresource == nil && name == nil
            && (resource == .accessReviews || resource == .rulesReviews)
    }

    /// `pods api-0 in namespace x`.
    var thing: String {
        guard let resource else { return path }
        var text = resource.qualifiedName
        if let subresource { text += "/" + subresource }
        if let name { text += " \(name.prefix(100))" }
        if resource.namespaced { text += namespace.isEmpty ? " in all namespaces" : " in namespace \(namespace)" }
        return text
    }

    /// `list pods in namespace x`.
    var words: String { "\(verb) \(thing)" }

    /// What a role must grant: `list pods`, `patch deployments.apps/scale`.
    var right: String {
        guard let resource else { return "\(verb) \(path)" }
        return "\(verb) \(resource.qualifiedName)\(subresource.map { "/" + $0 } ?? "")"
    }

    func call(_ headers: [(name: String, value: String)]) -> HTTPCall {
        var all = [(name: "Accept", value: accept)]
        if let contentType { all.append((name: "Content-Type", value: contentType)) }
        return HTTPCall(method, target, headers: all + headers, body: body)
    }
}
