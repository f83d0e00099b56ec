using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

/// <summary>Settings of the archive tier: what they become, and what is refused with file, line, key and remedy.</summary>
public sealed class ArchiveSettingsTests
{
    private const string File = "/etc/sting/sting-backup.yaml";
    private const string Head = "repository: {backup_root: /b}\nreserve: {path: /r}\n";

    private static ExaminedConfiguration Examine(string yaml) => new ConfigurationLoader(new FakeHost()).ExamineText(Head + yaml, File);

    [Fact]
    public void Prices_sizes_and_ages_are_read()
    {
        var options = Examine("archive: {location: 'glacier://cold', storage_class: DEEP_ARCHIVE, after_days: 6, pack_size: 64MiB, price_deep_archive_bulk: 0.003/GB + 0.03/1000, retrieval_cost_limit: 12.5, currency: EUR}").Require().Archiving;
        Assert.Equal(("DEEP_ARCHIVE", 6, 64 << 20, 12.5m, "EUR"), (options.StorageClass, options.AfterDays, options.PackSize, options.CostLimit, options.Currency));
        Assert.Equal(new RetrievalPrice(0.003m, 0.03m), options.Prices[("DEEP_ARCHIVE", RetrievalSpeed.Bulk)]);
        Assert.Equal(new RetrievalPrice(0.01m, 0.05m), options.Prices[("GLACIER", RetrievalSpeed.Standard)]);
        Assert.False(options.Prices.ContainsKey(("DEEP_ARCHIVE", RetrievalSpeed.Expedited)));
    }

    [Theory]
    [InlineData("archive: {price_glacier_bulk: cheap}", "archive.price_glacier_bulk", "'cheap' is no price", "0.01/GB + 0.05/1000")]
    [InlineData("archive: {price_glacier_bulk: 0.01}", "archive.price_glacier_bulk", "'0.01' is no price", "0.01/GB + 0.05/1000")]
    [InlineData("archive: {retrieval_cost_limit: '1,5'}", "archive.retrieval_cost_limit", "is no amount", "with a point")]
    [InlineData("archive: {location: /cold, pack_size: 32MiB}", "archive.pack_size", "32MiB is out of range", "64MiB to 128MiB")]
    [InlineData("archive: {location: /cold, after_days: 8}", "archive.after_days", "restore points would end there before they enter the archive", "Set retention.local_days to 8 or more")]
    [InlineData("archive: {location: /cold}\nretention: {local_days: 5}", "retention.local_days", "retention.local_days (5) is shorter than archive.after_days (7)", "or archive.after_days to 5 or less")]
    [InlineData("archive: {location: /cold, after_days: 31}\nremote: {location: /hot}", "archive.after_days", "retention.remote_days (30) is shorter", "Set retention.remote_days to 31 or more")]
    public void What_cannot_be_is_refused(string yaml, string key, string problem, string remedy)
    {
        var error = Examine(yaml).Findings.First(f => f.Severity == FindingSeverity.Error);
        Assert.Equal((key, File), (error.Key, error.File));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.Contains(remedy, error.Remedy, StringComparison.Ordinal);
    }
}
