using System.Globalization;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;

namespace StingBackup.Engine.Operations.Checks;

/// <summary>The reserve can be read, and people in it are known.</summary>
internal sealed class SourceCheck : ImmediateCheck
{
    public override string Name => "source";

    protected override IEnumerable<ConfigurationFinding> Look(ProbeContext context)
    {
        var reserve = context.Configuration.Reserve;
        if (!context.Host.DirectoryExists(reserve.Path))
        {
            yield return context.Found(FindingSeverity.Error, Settings.ReservePath, $"there is no folder {reserve.Path}", "Correct reserve.path, or mount what belongs there.");
            yield break;
        }
        foreach (var folder in (string[])[reserve.Path, Path.Join(reserve.Path, "users"), Path.Join(reserve.Path, "jars")])
        {
            if (context.Host.DirectoryExists(folder) && !context.Host.CanRead(folder))
            {
                yield return context.Found(FindingSeverity.Error, Settings.ReservePath, $"{folder} may not be read by this user", "Give this user the right to read it, or run as one that has it.");
            }
        }
        foreach (var folder in reserve.Folders)
        {
            yield return !context.Host.DirectoryExists(folder.Path)
                    ? context.Found(FindingSeverity.Error, SourceSettings.Folders, $"there is no folder {folder.Path}, which is to stand at '{folder.At}'", "Correct reserve.folders, or mount what belongs there.")
                : !context.Host.CanRead(folder.Path)
                    ? context.Found(FindingSeverity.Error, SourceSettings.Folders, $"{folder.Path} may not be read by this user", "Give this user the right to read it, or run as one that has it.")
                : context.Found(FindingSeverity.Information, SourceSettings.Folders, $"the folder {folder.Path} is there, and stands at '{folder.At}'");
        }
        var users = context.Host.DirectoriesIn(Path.Join(reserve.Path, "users"));
        var jars = context.Host.DirectoriesIn(Path.Join(reserve.Path, "jars"));
        yield return context.Found(FindingSeverity.Information, Settings.ReservePath,
            string.Create(CultureInfo.InvariantCulture, $"the reserve {reserve.Path} is there, with {users.Count} people and {jars.Count} honey jars"));
        yield return LookAtUsersMap(context, reserve, users);
    }

    private static ConfigurationFinding LookAtUsersMap(ProbeContext context, ReserveSettings reserve, IReadOnlyList<string> folders)
    {
        try
        {
            if (UsersMapFile.Find(reserve, context.Host) is not { } file)
            {
                return context.Found(FindingSeverity.Information, Settings.UsersMapFile, "there is no users map: people are known by their folders' names alone");
            }
            var map = UsersMapFile.Read(file, context.Host);
            var unknown = folders.Where(f => map.SubjectOfFolder(f, DataClass.UserFiles) == SubjectNames.OfPath(DataClass.UserFiles, f)).ToArray();
            return unknown.Length == 0
                ? context.Found(FindingSeverity.Information, Settings.UsersMapFile, string.Create(CultureInfo.InvariantCulture, $"the users map {file} names {map.Entries.Count} people"))
                : context.Found(FindingSeverity.Warning, Settings.UsersMapFile,
                    string.Create(CultureInfo.InvariantCulture, $"the users map {file} does not name {unknown.Length} of {folders.Count} folders in users/: {string.Join(", ", unknown.Take(5))}{(unknown.Length > 5 ? " …" : "")}"),
                    "Add them, so that these people keep one identity when a folder is renamed.");
        }
        catch (StingException e)
        {
            return context.Found(FindingSeverity.Error, Settings.UsersMapFile, e.Message, e.Remedy);
        }
    }
}
