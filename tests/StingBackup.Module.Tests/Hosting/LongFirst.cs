using Xunit.Abstractions;

[assembly: TestCollectionOrderer("StingBackup.Module.Tests.Hosting.LongFirst", "StingBackup.Module.Tests")]

namespace StingBackup.Module.Tests.Hosting;

/// <summary>What takes longest begins first: the pages' examples are one class, which had the machine to itself at the end, and one core idle.</summary>
public sealed class LongFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) => testCollections.OrderBy(c => !c.DisplayName.EndsWith($".{nameof(Help.ExampleTests)}", StringComparison.Ordinal));
}
