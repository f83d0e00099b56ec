using System.Globalization;
using System.Security.Cryptography;
using StingBackup.Engine.Restore.Scratch;
using StingBackup.Engine.Sources.PostgreSql;

namespace StingBackup.Engine.Restore.PostgreSql;

/// <summary>Whose rows come out of a server that is recovered for that alone.</summary>
/// <param name="Server">The restore of the server.</param>
/// <param name="Choice">Whose.</param>
/// <param name="Programs">Programs of a server, to recover it with.</param>
/// <param name="Place">The folder that notes what is under way.</param>
/// <param name="Folder">The folder that the server is recovered in.</param>
internal sealed record DatabaseRowsSelection(DatabaseSelection Server, SubjectChoice Choice, ServerPrograms Programs, string Place, string Folder);

/// <summary>Plans the return of one subject's rows as of any moment. Writes nothing.</summary>
internal sealed class DatabaseRowsPlanner(Installation installation, RepositoryReading repository)
{
    public async ValueTask<DatabaseRestorePlan> PlanAsync(DatabaseRowsRequest request, CancellationToken cancel)
    {
        if (request.Scope is not (RestoreScope.User or RestoreScope.HoneyJar))
        {
            throw new StingException("RestoreRequestInvalid", FailureKind.InvalidArgument, "Rows of one person or of one honey jar are taken out of a server; a whole server is restored to a folder.", request.Subject, "Name a person or a honey jar.");
        }
        var settings = installation.Configuration?.PostgreSql ?? throw new StingException("RestoreRequestInvalid", FailureKind.InvalidConfiguration, "The configuration names no database server that rows could go back to.", request.Subject, "Set postgresql.host.");
        var choice = await repository.Resolver.ResolveAsync(request.Scope, request.Subject, [.. repository.Finder.All], cancel).ConfigureAwait(false);
        var name = string.Create(CultureInfo.InvariantCulture, $"rows-{RandomNumberGenerator.GetHexString(16, lowercase: true)}");
        var plan = await new DatabaseRestorePlanner(installation, repository).PlanAsync(request.Date, ScratchServer.NewFolder(), cancel).ConfigureAwait(false);
        var programs = ServerPrograms.Find(installation)
            ?? throw PostgresErrors.ToolMissing(settings, int.TryParse(plan.ServerVersion.Split('.', ' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) ? major : 0, "a server must be recovered on this host, with initdb, postgres and their kin");
        return plan with
        {
            Subject = choice.Names[0], Destination = settings.ForRestore.Location, Conflict = request.Conflict,
            Exact = new DatabaseRowsSelection((DatabaseSelection)plan.Exact!, choice, programs, Path.Combine(DrillPlace.ParentOf(installation), name), plan.Destination),
        };
    }
}
