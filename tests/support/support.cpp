// Keeps the library alive until the first shared piece moves in.
namespace countersign::test {}
