import Testing

@testable import BenchRunner

@Suite struct ListedKeyTests {
    @Test(arguments: [
        "other/secret", "../x", "", "users/u/run", "users/u/run/", "users/u/run/../../y",
        "users/u/run/./y", "users/u/Run/k",
    ])
    func `a key that a server lists from elsewhere is not the run's`(key: String) {
        #expect(!BucketListing.isKey(key, below: "users/u/run/"))
    }

    @Test func `a key below the prefix is`() {
        #expect(BucketListing.isKey("users/u/run/a..b.jpg", below: "users/u/run/"))
    }
}
