using Xunit.Abstractions;

[assembly: TestCollectionOrderer("StingBackup.Portal.Tests.Support.LongFirst", "StingBackup.Portal.Tests")]

namespace StingBackup.Portal.Tests.Support;

/// <summary>What takes longest begins first: a browser that begins last has the machine to itself, and everybody waits for it.</summary>
public sealed class LongFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections.OrderBy(c => !c.DisplayName.Contains("browser", StringComparison.Ordinal));
}
