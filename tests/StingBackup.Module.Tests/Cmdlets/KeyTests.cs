using StingBackup.Module.Tests.Hosting;

namespace StingBackup.Module.Tests.Cmdlets;

public sealed class KeyTests
{
    private static IReadOnlyList<KeyInfo> Keys(SampleInstallation sample, string arguments = "")
    {
        using var shell = sample.OpenShell();
        return shell.Run($"Get-StingKey {arguments}").Succeeded().Objects<KeyInfo>();
    }

    [CulturedFact]
    public void Every_kind_of_key_is_listed_without_a_passphrase()
    {
        using var sample = SampleInstallation.SealedCopy();
        var keys = Keys(sample);
        // The sample remembers no escrow: its shares were made in a copy.
        Assert.Equal(Enum.GetValues<KeyKind>().Where(kind => kind != KeyKind.Escrow).Order(), keys.Select(k => k.Kind).Distinct().Order());
        Assert.Equal(KeyState.Sealed, keys.Single(k => k.Kind == KeyKind.KeyVault).State);
        Assert.Equal(5, keys.Count(k => k.Kind == KeyKind.Subject));
    }

    [Fact]
    public void Kind_and_state_narrow_the_list()
    {
        using var sample = SampleInstallation.Copy();
        Assert.InRange(Assert.Single(Keys(sample, "-Kind Spares")).SparesLeft!.Value, 1, 2_000);
        Assert.Empty(Keys(sample, "-Kind Subject -State Damaged"));
    }

    [Fact]
    public void A_missing_replica_is_named_with_what_to_do()
    {
        using var sample = SampleInstallation.Copy();
        Directory.Delete(sample["keys", "store-2"], recursive: true);
        var missing = Assert.Single(Keys(sample, "-State Missing"));
        Assert.Equal(KeyKind.KeyStoreReplica, missing.Kind);
        Assert.NotNull(missing.Problem);
    }
}
