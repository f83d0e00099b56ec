using System.Text;
using StingBackup.Engine.Basics;
using StingBackup.Engine.Chroma;
using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Jobs;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Sources;
using StingBackup.Engine.Sources.Chroma;
using StingBackup.Engine.Sources.PostgreSql.Logical;
using StingBackup.Engine.Sources.PostgreSql.Wal;
using StingBackup.Engine.Sources.Sqlite;
using StingBackup.Engine.Sources.Vault;
using StingBackup.Engine.Targets;
using StingBackup.Engine.Targets.Chroma;
using StingBackup.Engine.Targets.PostgreSql;
using StingBackup.Engine.Targets.Vault;
using StingBackup.Engine.Vault;

namespace StingBackup.Engine;

/// <summary>The sources that a configuration names besides the reserve's folder.</summary>
internal static class ConfiguredSources
{
    public static IEnumerable<ReserveSource> Of(StingConfiguration configuration, ReserveMap map, UsersMap users, IHostView host, TimeProvider clock, JarContributors? contributors = null)
    {
        foreach (var folder in configuration.Reserve.Folders)
        {
            yield return OfFolder(folder, map, contributors);
        }
        if (configuration.Vault is { } vault)
        {
            yield return OfVault(vault, users, host, clock);
        }
        if (configuration.PostgreSql is { } postgres)
        {
            yield return OfPostgres(postgres, configuration.StateDirectory);
        }
        if (CapturePlaces.TryOf(configuration) is { } capture)
        {
            foreach (var source in new PhysicalCaptures(capture, clock).Sources)
            {
                yield return source;
            }
        }
        if (configuration.Chroma is { Address: not null } server)
        {
            yield return OfCollections(server, configuration.StateDirectory, clock, new CollectionOwners(contributors is null ? JarContributors.ByIdAlone : contributors.Resolve));
        }
        if (configuration.Chroma is { Path: { } path })
        {
            yield return OfChromaFolder(path);
        }
    }

    /// <summary>A client of the configured Chroma; nothing is sent yet.</summary>
    public static ChromaClient OpenChroma(ChromaSettings settings, TimeProvider clock) => new(new ChromaOptions
    {
        Address = settings.Address!, Tenant = settings.Tenant, Database = settings.Database, TokenFile = settings.TokenFile,
    }, clock);

    /// <summary>A client of the configured Vault; nothing is sent yet.</summary>
    /// <exception cref="StingException"><c>VaultLoginFailed</c> when no token is to be had, <c>VaultTlsFailed</c></exception>
    public static VaultClient OpenVault(VaultSettings settings, IHostView host, TimeProvider clock) => new(new VaultOptions
    {
        Address = settings.Address, Namespace = settings.Namespace, CertificateAuthorities = settings.CertificateAuthorities, Login = LoginOf(settings, host),
    }, clock);

    private static ReserveSource OfFolder(FolderMount folder, ReserveMap map, JarContributors? contributors)
    {
        var mount = EntryPath.Root.Append(Encoding.UTF8.GetBytes(folder.At));
        return new ReserveSource
        {
            Name = $"the folder {folder.Path}", Location = folder.Path, Folder = folder.Path, Mount = mount, Classes = Enum.GetValues<DataClass>().ToHashSet(),
            // The map speaks of the reserve's paths.
            Place = (path, kind) =>
            {
                var there = path.Under(mount);
                var placement = map.Classify(there, kind);
                return contributors?.Place(there, kind, placement) ?? placement;
            },
            OpenAsync = (_, _) => ValueTask.FromResult(DirectorySource.Open(folder.Path)),
            OpenTarget = (_, _, _) => DirectoryRestoreTarget.Open(folder.Path),
        };
    }

    private static ReserveSource OfVault(VaultSettings settings, UsersMap users, IHostView host, TimeProvider clock) => new()
    {
        Name = "Vault", Location = $"{settings.Address.GetLeftPart(UriPartial.Authority)}/{settings.Mount}/{settings.Prefix}", Mount = ReserveMounts.Vault, Classes = VaultPaths.Classes,
        Place = (path, _) => VaultPaths.Classify(path, users),
        OpenAsync = (output, _) => ValueTask.FromResult<ISourceTree>(OpenSecrets(settings, OpenVault(settings, host, clock), clock, output)),
        OpenTarget = (_, output, cancel) => VaultRestoreTarget.OfClient(OpenVault(settings, host, clock), settings.Mount, settings.Prefix, clock, MasterKeys.Load(settings.MasterKeyFiles, output.Warn), cancel),
    };

    private static VaultSourceTree OpenSecrets(VaultSettings settings, VaultClient client, TimeProvider clock, JobOutput output) =>
        VaultSourceTree.OfClient(client, settings.Mount, settings.Prefix, clock, output.Warn, MasterKeys.Load(settings.MasterKeyFiles, output.Warn));

    private static ReserveSource OfPostgres(PostgresSettings settings, string stateFolder) => new()
    {
        Name = "PostgreSQL", Location = settings.Location, Mount = ReserveMounts.PostgreSql, Stage = CaptureStage.Databases, Classes = CapturePath.Classes,
        Place = (path, kind) => kind == ItemKind.Directory
            ? new Placement(false, DataClass.Metadata, SubjectNames.System) : new Placement(false, CapturePath.ClassOf(path.ToString()), CapturePath.SubjectOf(path.ToString())),
        OpenAsync = async (output, cancel) => Told(await LogicalCapture.TakeAsync(settings, new LogicalCaptureOptions(), cancel).ConfigureAwait(false), output),
        Begin = begun =>
        {
            var ground = Task.Run(() => LogicalCapture.LookAsync(settings, begun), begun);
            return async (output, cancel) =>
            {
                // A server that was down when the run began may be up by now.
                await ((Task)ground.WaitAsync(cancel)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return Told(ground.IsCompletedSuccessfully ? await LogicalCapture.TakeAsync(await ground.ConfigureAwait(false), new LogicalCaptureOptions(), cancel).ConfigureAwait(false)
                    : await LogicalCapture.TakeAsync(settings, new LogicalCaptureOptions(), cancel).ConfigureAwait(false), output);
            };
        },
        OpenTarget = (plan, output, cancel) => new RowsRestoreTarget(settings.ForRestore, plan, stateFolder, output, cancel),
    };

    private static LogicalCapture Told(LogicalCapture capture, JobOutput output)
    {
        foreach (var notice in capture.Notices)
        {
            output.Warn($"{notice.Message} {notice.Remedy}");
        }
        output.Explain($"Databases as of {string.Join(", ", capture.Moments.Select(m => $"{m.Database} {m.Time:u} (LSN {m.Lsn})"))}.");
        return capture;
    }

    private static ReserveSource OfCollections(ChromaSettings settings, string stateFolder, TimeProvider clock, CollectionOwners owners) => new()
    {
        Name = "Chroma", Location = $"{ChromaErrors.Show(settings.Address!)}/{settings.Tenant}/{settings.Database}", Mount = ReserveMounts.Vectors, Stage = CaptureStage.Databases, Classes = ChromaPaths.Classes,
        Place = (path, _) => owners.Place(path),
        OpenAsync = (output, _) => ValueTask.FromResult<ISourceTree>(new ChromaSourceTree(OpenChroma(settings, clock), settings.Path, Path.GetTempPath(), owners, output)),
        OpenTarget = (plan, output, cancel) => new ChromaRestoreTarget(OpenChroma(settings, clock), plan.Conflict, stateFolder, output, cancel),
    };

    private static ReserveSource OfChromaFolder(string folder) => new()
    {
        Name = "Chroma's folder", Location = folder, Mount = ReserveMounts.Chroma, Stage = CaptureStage.Databases, Classes = new HashSet<DataClass> { DataClass.Physical },
        Place = (_, _) => new Placement(false, DataClass.Physical, SubjectNames.System),
        OpenAsync = async (_, cancel) => await ChromaFolderCapture.TakeAsync(folder, new SqliteSnapshotOptions(), cancel).ConfigureAwait(false),
        OpenTarget = (plan, output, _) => ChromaFolderTarget.Open(folder, plan, output),
    };

    private static VaultLogin LoginOf(VaultSettings settings, IHostView host)
    {
        if (settings.RoleId is { } role)
        {
            return settings.SecretIdFile is { } file ? VaultAppRoleLogin.WithSecretIdFile(role, file) : VaultAppRoleLogin.WithSecretId(role, null);
        }
        if (settings.TokenFile is { } tokenFile)
        {
            return new VaultTokenFileLogin(tokenFile);
        }
        return host.GetVariable("VAULT_TOKEN") is { } token ? new VaultTokenLogin(SecretBytes.CopyOf(Encoding.UTF8.GetBytes(token)))
            : throw new StingException("VaultLoginFailed", FailureKind.Authentication, $"There is nothing to log in to Vault at {settings.Address.GetLeftPart(UriPartial.Authority)} with.", settings.Address.ToString(),
                "Set vault.token_file or vault.role_id in the configuration, or the environment variable VAULT_TOKEN.");
    }
}
