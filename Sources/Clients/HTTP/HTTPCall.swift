import Maintenance

/// One request, as a client that is built on HTTP makes it.
public struct HTTPCall: Sendable {
    public let method: String
    /// Under the endpoint's URL, with its query, in percent form.
    public let path: String
    public let headers: [(name: String, value: String)]
    public let body: [UInt8]?

    public init(
        _ method: String, _ path: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// The beginning of an answer whose body is still to come.
public struct HTTPHead: Sendable {
    public let status: Int
    /// In the order in which they came.
    public let headers: [(name: String, value: String)]

    /// The first header of that name, whatever its case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
