using System.Globalization;
using StingBackup.Engine.Keys;

namespace StingBackup.Engine.Lifecycle;

/// <summary>How old keys are, and when they should be renewed.</summary>
public static class KeyAges
{
    /// <summary>A key with the moment from which it should be renewed.</summary>
    /// <param name="key">The key.</param>
    /// <param name="days"><c>keys.rotate_days</c>; 0 for never.</param>
    public static KeyInfo WithDueTime(KeyInfo key, int days)
    {
        ArgumentNullException.ThrowIfNull(key);
        return days > 0 && key is { Kind: KeyKind.KeyRole or KeyKind.KeyVault or KeyKind.EpochSecret or KeyKind.Subject or KeyKind.HostSigning, CreatedTime: { } created, State: not KeyState.Revoked }
            ? key with { DueTime = created + TimeSpan.FromDays(days) } : key;
    }

    /// <summary>A warning for each kind of key that should have been renewed. Only where the key directory is, whose role it would be.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="days"><c>keys.rotate_days</c>; 0 for no warnings.</param>
    /// <param name="now">Now.</param>
    public static IReadOnlyList<string> Overdue(ReserveKeys? keys, int days, DateTimeOffset now) => [.. OverdueKinds(keys, days, now).Select(key => $"{key.Problem} {key.Remedy}")];

    /// <summary>The same, with what to do apart.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="days"><c>keys.rotate_days</c>; 0 for none.</param>
    /// <param name="now">Now.</param>
    public static IReadOnlyList<(string Problem, string Remedy)> OverdueKinds(ReserveKeys? keys, int days, DateTimeOffset now) =>
        keys is not { HasKeyDirectory: true } || days == 0 ? []
        : [.. Of(keys).Where(key => key.Since + TimeSpan.FromDays(days) <= now).Select(key => (
            string.Create(CultureInfo.InvariantCulture, $"{key.Name} {(now - key.Since).Days:N0} days old, and keys.rotate_days is {days}."), $"Run Update-StingKey -Kind {key.Kind}."))];

    /// <summary>Whether the keys of a plan are as old as <c>keys.rotate_days</c> allows.</summary>
    public static bool IsDue(Installation installation, KeyRotationPlan plan)
    {
        ArgumentNullException.ThrowIfNull(installation);
        ArgumentNullException.ThrowIfNull(plan);
        return installation.Configuration?.Keys.RotateDays is > 0 and var days && (plan.SinceTime is not { } since || since + TimeSpan.FromDays(days) <= installation.Clock.GetUtcNow());
    }

    /// <summary>Since when each kind has been in force; what cannot be read is not told here.</summary>
    internal static IEnumerable<(KeyRotationKind Kind, string Name, DateTimeOffset Since)> Of(ReserveKeys keys)
    {
        if (!keys.HasKeyDirectory || TryRead(() => keys.PublicNow) is not { } half)
        {
            yield break;
        }
        var epoch = TryRead(() => keys.TurnNow);
        yield return (KeyRotationKind.KeyEncryptionKey, "The key that wraps all others (KEK) is", KeyInventory.Time(half.KekSinceNs ?? half.CreatedNs));
        if (epoch is not null)
        {
            yield return (KeyRotationKind.Epoch, "The epoch's secret is", KeyInventory.Time(epoch.CreatedNs));
        }
        yield return (KeyRotationKind.Signing, "The key role's signing key is", KeyInventory.Time(half.Chain.SinceNs ?? half.CreatedNs));
        if (keys.WriterSinceNs is { } writer)
        {
            yield return (KeyRotationKind.Writer, "This host's signing key is", KeyInventory.Time(writer));
        }
        yield return (KeyRotationKind.Subject, "Keys of subjects are up to", KeyInventory.Time(half.SubjectsSinceNs ?? half.CreatedNs));
    }

    private static T? TryRead<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (StingException)
        {
            return null;   // whoever opens it is told
        }
    }
}
