using System.Runtime.CompilerServices;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>Each configured bucket that runs use is there and lets this host list it. What its server can do is told as the last write found it: trying leaves objects behind, so this check does not.</summary>
public sealed class BucketCheck : IConfigurationCheck
{
    /// <inheritdoc/>
    public string Name => "bucket";

    /// <inheritdoc/>
    public async IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(context);
        var configuration = context.Configuration;
        foreach (var (tier, setting, place) in ((Tier, Setting, string?)[])[(Tier.Local, Settings.BackupRoot, configuration.Repository.BackupRoot), (Tier.Remote, Settings.RemoteLocation, configuration.RemoteLocation), (Tier.Archive, Settings.ArchiveLocation, configuration.ArchiveLocation)])
        {
            if (!S3Address.IsAddress(place))
            {
                continue;
            }
            ConfigurationFinding found;
            var options = StoreFactory.OptionsOf(configuration, tier, S3Address.Parse(place!), context.Clock);
            try
            {
                await using var store = await S3ObjectStore.OpenAsync(options, context.Clock, cancel).ConfigureAwait(false);
                found = context.Found(FindingSeverity.Information, setting, $"{options.Address} at {options.ShowEndpoint()} lets this host list it");
            }
            catch (StingException e)
            {
                found = context.Found(FindingSeverity.Error, setting, e.Message, e.Remedy);
            }
            yield return found;
            if (new S3AbilityFile(options).Load(context.Clock.GetUtcNow()) is not { } abilities)
            {
                yield return context.Found(FindingSeverity.Information, setting, $"what the server of {options.Address} can do is found out before the first write");
                continue;
            }
            foreach (var (problem, remedy, isError) in Problems(abilities, options))
            {
                yield return context.Found(isError ? FindingSeverity.Error : FindingSeverity.Warning, setting, $"the server of {options.Address} {problem}", remedy);
            }
        }
    }

    private static IEnumerable<(string Problem, string Remedy, bool IsError)> Problems(S3Abilities abilities, S3Options options)
    {
        if (abilities.ConditionalPut != Ability.Yes)
        {
            yield return ("ignores If-None-Match: two hosts could overwrite each other", "Let one host alone write, and name it in only_writer on every host.", !options.IsOnlyWriter);
        }
        if (abilities.ListsAtOnce == Ability.No)
        {
            yield return ("lists late what was stored: hosts could miss each other", "Use a server whose listings show at once what was stored.", true);
        }
        if (abilities is { Checksums: not Ability.Yes, Md5Checked: not Ability.Yes })
        {
            yield return ("checks no checksum of what it is sent", "Run Test-StingBackupIntegrity often, or use another server.", false);
        }
        if (abilities.MayDelete == Ability.Yes)
        {
            yield return ("lets this host delete: whoever takes the host can delete its backups", "Give a host that only backs up a policy without s3:DeleteObject (docs/operations.md).", false);
        }
    }
}
