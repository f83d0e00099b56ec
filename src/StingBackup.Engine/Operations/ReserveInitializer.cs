using StingBackup.Engine.Cryptography;
using StingBackup.Engine.Discovery;
using StingBackup.Engine.Keys;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Storage;
using StingBackup.Engine.Storage.S3;

namespace StingBackup.Engine.Operations;

/// <summary>Makes a repository: keys, the store's first objects, and the configuration file, which comes last, so that what it names stands.</summary>
public static class ReserveInitializer
{
    /// <summary>What making a repository would do. Changes nothing.</summary>
    /// <exception cref="StingException"><c>ReserveMissing</c>, <c>RepositoryExists</c>, <c>ConfigurationExists</c>, <c>ConfigurationInvalid</c>, <c>KeysExist</c>, and where keys may not lie</exception>
    public static async ValueTask<InitializePlan> PlanAsync(InitializeRequest request, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(request);
        cancel.ThrowIfCancellationRequested();
        var host = new HostView();
        var survey = await SurveyAsync(request, host, cancel).ConfigureAwait(false);
        var (configuration, keys) = Prepare(request, host, survey.Subjects.Count);
        var proposed = Propose(request, configuration.File, host);
        return new InitializePlan
        {
            Request = request, ConfigurationFile = configuration.File, BackupRoot = configuration.Repository.BackupRoot, Reserve = configuration.Reserve.Path,
            KeyFiles = [.. keys.Files], Subjects = keys.Creation.KnownSubjects, Spares = keys.Spares,
            Warnings = [.. keys.Warnings, .. survey.Unasked.Select(NotAsked)], KeyVault = keys.WrappedBy is { } vault ? $"{configuration.Keys.Vault!.Address.Authority}, transit key {vault}" : null,
            Settings = proposed?.Settings ?? [], Tasks = proposed?.Tasks ?? [], NotFound = [.. request.Sting?.NotFound ?? []],
        };
    }

    /// <summary>Executes a plan. The passphrase seals the key file; the caller wipes it.</summary>
    public static async ValueTask<InitializeResult> RunAsync(InitializePlan plan, SecretBytes? passphrase, TimeProvider clock, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var host = new HostView();
        var (configuration, keyPlan) = Prepare(plan.Request, host, plan.Subjects);
        await using var store = await StoreFactory.CreateAsync(configuration, clock, cancel).ConfigureAwait(false);
        await foreach (var found in store.ListAsync("", cancel).ConfigureAwait(false))
        {
            throw Exists(configuration.Repository.BackupRoot, $"it holds '{found.Name}'");
        }
        using var keys = await ReserveKeys.CreateAsync(keyPlan, passphrase, cancel, clock).ConfigureAwait(false);
        await keys.PublishAsync(store, cancel).ConfigureAwait(false);
        Writer(plan.Request, configuration.File, host).Set(Settings.ReserveId, keys.ReserveId.ToString()).Set(Settings.KeyFingerprint, keys.KeyRoleFingerprint).WriteNew(configuration.File);
        return new InitializeResult
        {
            ReserveId = keys.ReserveId.ToString(), BackupRoot = configuration.Repository.BackupRoot, Reserve = configuration.Reserve.Path, ConfigurationFile = configuration.File,
            KeyDirectory = configuration.Keys.Directory, KeyFingerprint = keys.KeyRoleFingerprint, HasPassphrase = plan.Request.WithPassphrase && keyPlan.WrappedBy is null, Spares = keyPlan.Spares,
            Tasks = plan.Tasks, NotFound = plan.NotFound,
        };
    }

    /// <summary>Whom keys are made for. A source whose credentials are still to be made is not asked: that they are to be made is told, and doctor counts then.</summary>
    private static ValueTask<SubjectSurvey> SurveyAsync(InitializeRequest request, HostView host, CancellationToken cancel)
    {
        var (configuration, _) = Prepare(request, host, 0);
        var users = UsersMapFile.Load(configuration.Reserve, host);
        bool IsMissing(string? file) => file is not null && !host.FileExists(file);
        var asked = configuration with
        {
            Vault = IsMissing(configuration.Vault?.TokenFile) || IsMissing(configuration.Vault?.SecretIdFile) ? null : configuration.Vault,
            PostgreSql = IsMissing(configuration.PostgreSql?.PassFile) ? null : configuration.PostgreSql,
        };
        return SubjectSurvey.TakeAsync(asked, ReserveMap.Compile(configuration.Reserve, users), users, host, TimeProvider.System, cancel);
    }

    private static string NotAsked((string Source, string Reason) unasked) =>
        $"{unasked.Source} could not be asked whose data it holds ({unasked.Reason.TrimEnd('.')}): run sting-backup doctor before the first run, which tells whether the spare keys suffice.";

    private static (StingConfiguration Configuration, KeyPlan Keys) Prepare(InitializeRequest request, HostView host, int knownSubjects)
    {
        var file = new ConfigurationLocator(host).PathForNew(request.ConfigurationFile);
        if (host.FileExists(file))
        {
            throw new StingException("ConfigurationExists", FailureKind.AlreadyExists, $"There is a configuration file {file} already; nothing was changed.", file,
                "Use the repository that it names, or give this one a file of its own with -ConfigPath (--config).");
        }
        var configuration = new ConfigurationLoader(host).ExamineText(Writer(request, file, host).Render(), file).Require();
        CheckFolders(configuration, host);
        var creation = new KeyCreation
        {
            HostName = Environment.MachineName, WithPassphrase = request.WithPassphrase, KnownSubjects = knownSubjects,
        };
        return (configuration, ReserveKeys.Plan(Installation.KeyOptionsOf(configuration), creation));
    }

    private static void CheckFolders(StingConfiguration configuration, HostView host)
    {
        if (!host.DirectoryExists(configuration.Reserve.Path))
        {
            throw new StingException("ReserveMissing", FailureKind.NotFound, $"There is no folder {configuration.Reserve.Path} to protect.", configuration.Reserve.Path, "Give the folder that holds the reserve (-Reserve, --reserve).");
        }
        var root = configuration.Repository.BackupRoot;
        if (!S3Address.IsAddress(root) && host.DirectoryExists(root) && Directory.EnumerateFileSystemEntries(root).Any(e => Path.GetFileName(e) != "lost+found"))
        {
            throw Exists(root, "it is not empty");
        }
    }

    private static StingException Exists(string root, string why) => new("RepositoryExists", FailureKind.AlreadyExists, $"No repository can be made in {root}: {why}. Nothing was changed.", root,
        "Give an empty folder or an unused prefix, or use the repository that is there with the configuration that was made with it.");

    private static ProposedConfiguration? Propose(InitializeRequest request, string file, HostView host) => request.Sting is { } sting ? ProposedConfiguration.Of(sting, file, host) : null;

    private static ConfigurationWriter Writer(InitializeRequest request, string file, HostView host)
    {
        string? Full(string? path) => path is null ? null : Path.GetFullPath(path, host.CurrentDirectory);
        var writer = new ConfigurationWriter().Set(Settings.BackupRoot, S3Address.IsAddress(request.BackupRoot) ? request.BackupRoot : Full(request.BackupRoot)).Set(Settings.ReservePath, Full(request.Reserve));
        foreach (var (setting, path) in new[] { (Settings.KeyDirectory, request.KeyDirectory), (Settings.StateDirectory, request.StateDirectory),
            (Settings.CacheDirectory, request.CacheDirectory), (Settings.LogDirectory, request.LogDirectory) })
        {
            if (path is not null)
            {
                writer.Set(setting, Full(path));
            }
        }
        if (request.KeySuite != KeySuiteSettings.Suite.Default)
        {
            writer.Set(KeySuiteSettings.Suite, request.KeySuite);
        }
        if (request.TimeZone is not null)
        {
            writer.Set(Settings.TimeZone, request.TimeZone);
        }
        if (request.KeyVault is { } vault)
        {
            writer.Set(VaultKeySettings.Address, vault.Address);
            foreach (var (setting, value) in new[] { (VaultKeySettings.Namespace, vault.Namespace), (VaultKeySettings.Authorities, Full(vault.AuthoritiesFile)), (VaultKeySettings.TokenFile, Full(vault.TokenFile)),
                (VaultKeySettings.RoleId, vault.RoleId), (VaultKeySettings.SecretIdFile, Full(vault.SecretIdFile)), (VaultKeySettings.KubernetesRole, vault.KubernetesRole) })
            {
                if (value is not null)
                {
                    writer.Set(setting, value);
                }
            }
            writer.Set(VaultKeySettings.Mount, vault.Mount ?? VaultKeySettings.Mount.Default).Set(VaultKeySettings.Key, vault.Key ?? VaultKeySettings.Key.Default);
        }
        Propose(request, file, host)?.ApplyTo(writer);
        GivenSettings.Apply(request.Setting, file, host, writer);
        return request.AllowKeysInBackupRoot ? writer.Set(Settings.AllowKeysInBackupRoot, true) : writer;
    }
}
