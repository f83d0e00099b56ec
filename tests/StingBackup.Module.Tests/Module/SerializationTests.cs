using System.Management.Automation;
using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Module;

/// <summary>Objects that went to another session and came back.</summary>
public sealed class SerializationTests : IDisposable
{
    private readonly HostedShell _shell = HostedShell.WithModule();

    public void Dispose() => _shell.Dispose();

    private dynamic RoundTrip(object value) => _shell.Run(
        "param($value) [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($value))", ("value", value)).Succeeded().Output.Single();

    private static readonly IntegrityFault Fault = new()
    {
        Object = "data/aa/1", Tier = Tier.Local, Problem = "damaged", Subjects = ["jar:1"], Files = ["backup_20240115_020000: jars/1/a"], FileCount = 1, Remedy = "x",
    };

    [CulturedFact]
    public void Properties_keep_their_names_and_values()
    {
        var back = RoundTrip(new RestorePointItem
        {
            BackupId = "backup_20240115_020000", DataClass = DataClass.HoneyJars, Subject = "jar:1", Path = "jars/1/ä", Kind = ItemKind.File, Length = 5_000_000_000,
            ModifiedTime = new DateTimeOffset(2024, 1, 15, 2, 0, 0, TimeSpan.Zero),
        });
        Assert.Equal(5_000_000_000, (long)back.Length);
        Assert.Equal("jars/1/ä", (string)back.Path);
        Assert.Equal("HoneyJars", (string)back.DataClass.ToString());
        Assert.Equal("2024-01-15 02:00:00", _shell.Run("param($item) [StingBackup.Display]::Time($item.ModifiedTime)", ("item", (object)back)).Succeeded().Output.Single().ToString());
    }

    [Fact]
    public void A_result_keeps_its_faults_and_their_files()
    {
        var back = RoundTrip(new IntegrityResult { Level = IntegrityLevel.Data, Tier = Tier.Local, Points = 1, Packs = 1, Chunks = 1, BytesRead = 1, Faults = [Fault], Duration = TimeSpan.Zero });
        Assert.False((bool)back.Passed);
        var fault = ((System.Collections.IEnumerable)((PSObject)back.Faults).BaseObject).Cast<PSObject>().Single();
        Assert.Equal("data/aa/1", fault.Properties["Object"].Value);
        Assert.Contains("jars/1/a", string.Join(';', ((System.Collections.IEnumerable)((PSObject)fault.Properties["Files"].Value).BaseObject).Cast<object>()), StringComparison.Ordinal);
    }
}
