import Testing

@testable import Maintenance

struct JSONPlaceTests {
    @Test(arguments: [
        ("/a/b", #"{"a": {"b": 1}}"#, 1.0), ("a", #"{"a": 1}"#, 1), ("a/b", #"{"a/b": 1}"#, 1),
        ("/a~1b", #"{"a/b": 1}"#, 1),
        ("/~01", #"{"~1": 1}"#, 1), ("/", #"{"": 1}"#, 1), ("/0", "[1]", 1), ("/a/", #"{"a": {"": 1}}"#, 1),
    ])
    func places(place: String, document: String, number: Double) throws {
        #expect(try JSONPlace(place).find(in: try JSONReader.read(Array(document.utf8))) == .number(number))
    }

    @Test(arguments: ["/01", "/+0", "/-", "/1", "/-1", "/0/a", "a"])
    func noPlaceInAList(place: String) throws {
        #expect(try JSONPlace(place).find(in: [1]) == nil)
    }
}
