using System.Runtime.CompilerServices;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.Chroma;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>The configured Chroma answers and shows its collections; its folder is there, and is that server's.</summary>
public sealed class ChromaCheck : IConfigurationCheck
{
    /// <inheritdoc/>
    public string Name => "Chroma";

    /// <inheritdoc/>
    public async IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Configuration.Chroma is not { } settings)
        {
            yield break;
        }
        IReadOnlyList<ChromaSegment> segments = [];
        if (settings.Path is { } folder)
        {
            segments = ChromaDatabase.ReadSegments(folder);
            yield return context.Found(FindingSeverity.Information, ChromaSourceSettings.Path,
                FormattableString.Invariant($"Chroma's folder {folder} can be read; its database knows {segments.Select(s => s.Collection).Distinct(StringComparer.Ordinal).Count()} collections"));
        }
        if (settings.Address is null)
        {
            yield return context.Found(FindingSeverity.Warning, ChromaSourceSettings.Path, "chroma.address is not set: a honey jar's vectors come back with the whole folder only, and are kept for days",
                "Set chroma.address, so that each collection is backed up under its jar.");
            yield break;
        }
        using var client = ConfiguredSources.OpenChroma(settings, context.Clock);
        var version = await client.ReadVersionAsync(cancel).ConfigureAwait(false);
        await client.CheckDatabaseAsync(cancel).ConfigureAwait(false);
        var collections = await client.ListAsync(cancel).ConfigureAwait(false);
        yield return context.Found(FindingSeverity.Information, ChromaSourceSettings.Address, FormattableString.Invariant($"Chroma {version} at {client.Location} lets this host in; it has {collections.Count} collections"));
        if (settings.Path is not null && collections.FirstOrDefault(c => !segments.Any(s => s.Collection == c.Id)) is { } foreign)
        {
            yield return context.Found(FindingSeverity.Error, ChromaSourceSettings.Path, $"the server at {client.Location} has a collection '{foreign.Name}' that the database in {settings.Path} does not know: it is not that server's folder",
                "Name the folder that the server uses, or leave chroma.path out.");
        }
    }
}
