using System.Runtime.CompilerServices;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>The configured PostgreSQL server answers, lets this host in, and there are client programs of its version.</summary>
public sealed class PostgresCheck : IConfigurationCheck
{
    /// <inheritdoc/>
    public string Name => "PostgreSQL";

    /// <inheritdoc/>
    public async IAsyncEnumerable<ConfigurationFinding> RunAsync(ProbeContext context, [EnumeratorCancellation] CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Configuration.PostgreSql is not { } settings)
        {
            yield break;
        }
        var server = await PostgresServer.ConnectAsync(settings, cancel).ConfigureAwait(false);
        var databases = await server.ListDatabasesAsync(cancel).ConfigureAwait(false);
        yield return context.Found(FindingSeverity.Information, SourceSettings.PostgresHost, $"PostgreSQL {server.Version} at {settings.Location} lets this host in; databases: {string.Join(", ", databases)}");
        await PostgresTools.FindAsync(server, null, cancel).ConfigureAwait(false);
        yield return context.Found(FindingSeverity.Information, SourceSettings.PostgresTools, "there are client programs of the server's version");
    }
}
