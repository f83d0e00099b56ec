using Xunit.Abstractions;

namespace StingBackup.Engine.Tests.CountedWork;

/// <summary>No count of <see cref="WorkTable"/> passes its limit. Counts, not times: a busy machine changes none of them.</summary>
public sealed class CountedWorkTests(ITestOutputHelper output)
{
    private static readonly Lazy<Task<Measured>> Once = new(Measured.TakeAsync);

    public static TheoryData<string> Rows => new(WorkTable.Limits.Select(l => l.Name));

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task It_stays_within_its_limit(string name)
    {
        var row = WorkTable.Limits.Single(l => l.Name == name);
        var count = row.Of(await Once.Value) ?? throw new InvalidOperationException("$XunitDynamicSkip$What counts this is not installed: strace for system calls, Ceph's S3 server for requests.");
        output.WriteLine($"{name}: {WorkTable.Number(count.Total)} of {WorkTable.Number(row.Limit)} ({string.Join(", ", count.Parts.Select(p => $"{p.Key} {WorkTable.Number(p.Value)}"))})");
        Assert.True(count.Total <= row.Limit, $"{name}: {WorkTable.Number(count.Total)}, and {WorkTable.Number(row.Limit)} is the limit. Needed: {row.Why}; counted: {string.Join(", ", count.Parts.Select(p => $"{p.Key} {WorkTable.Number(p.Value)}"))}.");
    }

    [Fact]
    public async Task The_table_is_left_for_whoever_ran_the_tests()
    {
        var text = WorkTable.Describe(await Once.Value);
        output.WriteLine(text);
        if (Environment.GetEnvironmentVariable("STING_COUNTED_WORK") is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, text);
        }
    }
}
