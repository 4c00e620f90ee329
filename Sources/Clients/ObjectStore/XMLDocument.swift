import CExpat
import Maintenance

/// An element of an answer, without its namespace and attributes.
struct XMLElement: Sendable {
    let name: String
    /// Of an element without children; white space between children is left out.
    fileprivate(set) var text = ""
    fileprivate(set) var children: [XMLElement] = []

    /// The text of the first child of that name.
    subscript(_ name: String) -> String? { first(name)?.text }

    func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}

/// Why an answer is no XML that can be believed.
enum XMLProblem: Error, Hashable {
    /// It ends before its root does.
    case cut
    /// It declares a document type: S3 never does, web pages and attacks do.
    case documentType(String)
    case tooDeep
    case tooManyElements
    case notXML(line: Int)
    case empty

    /// What an answer with it is, to be put behind "answered".
    var words: String {
        switch self {
        case .cut: "XML that is cut off"
        case .documentType(let name) where name.lowercased() == "html": "a web page in the place of XML"
        case .documentType: "XML with a document type, which S3 never sends"
        case .tooDeep: "XML that is nested more than \(ObjectStoreLimits.depth) deep"
        case .tooManyElements: "XML of more than \(ObjectStoreLimits.elements) elements"
        case .notXML(let line): "no well-formed XML (line \(line))"
        case .empty: "nothing where XML is expected"
        }
    }
}

/// Reads an answer by expat, event by event, and stops at the first thing that S3 does not send.
enum XMLDocument {
    static func parse(_ bytes: [UInt8]) throws(XMLProblem) -> XMLElement {
        guard bytes.contains(where: { $0 > 32 }) else { throw .empty }
        guard let parser = XML_ParserCreate(nil) else { throw .notXML(line: 0) }
        defer { XML_ParserFree(parser) }
        let builder = Builder(parser)
        XML_SetUserData(parser, Unmanaged.passUnretained(builder).toOpaque())
        XML_SetElementHandler(
            parser, { user, name, _ in Builder.at(user)?.begin(name) }, { user, _ in Builder.at(user)?.end() })
        XML_SetCharacterDataHandler(parser) { Builder.at($0)?.add($1, $2) }
        XML_SetStartDoctypeDeclHandler(parser) { user, name, _, _, _ in Builder.at(user)?.refuse(documentType: name)
        }
        XML_SetEntityDeclHandler(parser) { user, name, _, _, _, _, _, _, _ in
            Builder.at(user)?.refuse(documentType: name)
        }
        let status = bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                XML_Parse(parser, $0.baseAddress, CInt(buffer.count), CInt(XML_TRUE))
            }
        }
        let line = Int(XML_GetCurrentLineNumber(parser))
        let code = XML_GetErrorCode(parser)
        return try withExtendedLifetime(builder) { () throws(XMLProblem) in
            if let problem = builder.problem { throw problem }
            if cutCodes.contains(code.rawValue) { throw .cut }
            guard status == XML_STATUS_OK else { throw .notXML(line: line) }
            guard let root = builder.root else { throw .cut }
            return root
        }
    }

    /// What expat says where an answer ends too early.
    private static let cutCodes: Set = [
        XML_ERROR_NO_ELEMENTS.rawValue, XML_ERROR_UNCLOSED_TOKEN.rawValue, XML_ERROR_PARTIAL_CHAR.rawValue,
        XML_ERROR_UNCLOSED_CDATA_SECTION.rawValue,
    ]
}

/// What expat's events build.
private final class Builder {
    private let parser: XML_Parser
    private var open: [XMLElement] = []
    private var texts: [[UInt8]] = []
    private var count = 0
    private(set) var root: XMLElement?
    private(set) var problem: XMLProblem?

    init(_ parser: XML_Parser) { self.parser = parser }

    /// What expat was given as its user's data.
    static func at(_ user: UnsafeMutableRawPointer?) -> Builder? {
        user.map { Unmanaged<Builder>.fromOpaque($0).takeUnretainedValue() }
    }

    func begin(_ name: UnsafePointer<XML_Char>?) {
        guard problem == nil, let name else { return }
        count += 1
        guard open.count < ObjectStoreLimits.depth else { return stop(.tooDeep) }
        guard count <= ObjectStoreLimits.elements else { return stop(.tooManyElements) }
        let full = String(cString: name)
        open.append(XMLElement(name: full.lastIndex(of: ":").map { String(full[full.index(after: $0)...]) } ?? full))
        texts.append([])
    }

    func end() {
        guard problem == nil, var element = open.popLast(), let text = texts.popLast() else { return }
        if element.children.isEmpty { element.text = String(decoding: text, as: UTF8.self) }
        if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    func add(_ characters: UnsafePointer<XML_Char>?, _ length: CInt) {
        guard problem == nil, let characters, let last = texts.indices.last else { return }
        let bytes = UnsafeBufferPointer(start: characters, count: Int(length))
        texts[last].append(contentsOf: bytes.lazy.map { UInt8(bitPattern: $0) })
    }

    func refuse(documentType name: UnsafePointer<XML_Char>?) {
        stop(.documentType(name.map { String(cString: $0) } ?? ""))
    }

    private func stop(_ reason: XMLProblem) {
        guard problem == nil else { return }
        problem = reason
        XML_StopParser(parser, XML_Bool(XML_FALSE))
    }
}
