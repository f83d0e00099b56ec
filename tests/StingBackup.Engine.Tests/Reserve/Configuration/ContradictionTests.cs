using StingBackup.Engine.Reserve;
using StingBackup.Engine.Reserve.Configuration;
using StingBackup.Engine.Tests.Support;

namespace StingBackup.Engine.Tests.Reserve.Configuration;

public sealed class ContradictionTests
{
    private const string File = "/etc/sting/sting-backup.yaml";

    private static IReadOnlyList<ConfigurationFinding> Findings(string yaml, IHostView? host = null) =>
        new ConfigurationLoader(host ?? new FakeHost()).ExamineText(yaml, File).Findings;

    [Theory]
    [InlineData("repository: {backup_root: /srv/r}\nreserve: {path: /srv/r}", "reserve.path", 2, "one folder")]
    [InlineData("repository: {backup_root: /srv}\nreserve: {path: /srv/r}", "reserve.path", 2, "lies in repository.backup_root")]
    [InlineData("repository: {backup_root: /srv/r/sub}\nreserve: {path: /srv/r}", "repository.backup_root", 1, "lies in the reserve")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkeys: {directory: /b/keys}", "keys.directory", 3, "under repository.backup_root")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkeys:\n  replicas: [/k2, /b/k]", "keys.replicas", 4, "under repository.backup_root")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkeys: {epoch_places: [/b]}", "keys.epoch_places", 3, "under repository.backup_root")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkeys: {directory: /r/k, allow_under_backup_root: true}", "keys.directory", 3, "no source")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r, exclude: [/k/]}\nkeys: {replicas: [/r/k]}", "keys.replicas", 3, "no source")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkeys: {directory: /k, replicas: [/k]}", "keys.replicas", 3, "named twice")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkeys: {replicas: [/k], epoch_places: [/k]}", "keys.epoch_places", 3, "named twice")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nstate_directory: /r/state", "state_directory", 3, "lies in the reserve")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r, exclude: [/state/]}\nstate_directory: /r/state", "state_directory", 3, "lies in the reserve")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nlog_directory: /r/logs", "log_directory", 3, "lies in the reserve")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\ncache_directory: /b/cache2", "cache_directory", 3, "nothing but the repository")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nretention: {remote_days: 6}", "retention.remote_days", 3, "shorter than retention.local_days (7)")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nretention:\n  local_days: 31", "retention.local_days", 4, "retention.remote_days (30) is shorter")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nretention: {archive_days: 29}", "retention.archive_days", 3, "shorter than retention.remote_days (30)")]
    [InlineData("repository: {backup_root: /b, reserve_id: 00112233445566778899aabbccddeeff}\nreserve: {path: /r}", "repository.reserve_id", 1, "key_fingerprint is not")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nchroma: {tenant: t}", "chroma.tenant", 3, "chroma.address is not")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nchroma: {path: /b/chroma}", "chroma.path", 3, "lie in each other")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nchroma: {path: /r/chroma_data}", "chroma.path", 3, "lies in /r (reserve.path)")]
    [InlineData("repository: {backup_root: /b}\nreserve:\n  path: /r\n  folders: [{at: volumes, path: /v}]\nchroma: {path: /v/chroma}", "chroma.path", 5, "lies in /v (reserve.folders)")]
    [InlineData("repository: {backup_root: /b}\nreserve:\n  path: /r\n  folders: [{at: chroma, path: /v}]\nchroma: {path: /c}", "reserve.folders", 4, "two sources would stand at 'chroma'")]
    [InlineData("repository: {backup_root: /b}\nreserve:\n  path: /r\n  folders: [{at: vectors, path: /v}]\nchroma: {address: \"http://c:8000\"}", "reserve.folders", 4, "two sources would stand at 'vectors'")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nchroma: {path: /c}\nkeys: {directory: /c/keys}", "keys.directory", 4, "no source")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nvault: {address: \"https://v:8200\"}\nkey_vault: {address: \"https://V:8200\"}", "key_vault.address", 4, "is the Vault that is backed up")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nvault: {address: \"http://127.0.0.1:8200\"}\nkey_vault: {address: \"https://localhost:8200\"}", "key_vault.address", 4, "is the Vault that is backed up")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkey_vault: {key: k}", "key_vault.key", 3, "key_vault.address is not")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkey_vault: {address: \"https://v:8200\", key: a}\nencryption: {key_id: b}", "encryption.key_id", 4, "names the Vault's key 'b'")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkey_vault: {address: \"https://v:8200\", secret_id_file: /s}", "key_vault.secret_id_file", 3, "key_vault.role_id is not")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkey_vault: {address: \"https://v:8200\", kubernetes_token_file: /s}", "key_vault.kubernetes_token_file", 3, "key_vault.kubernetes_role is not")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkey_vault: {address: \"https://v:8200\", token_file: /t, login_mount: m}", "key_vault.login_mount", 3, "neither key_vault.role_id")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkey_vault: {address: \"https://v:8200\", token_file: /r/token}", "key_vault.token_file", 3, "lies in /r")]
    [InlineData("repository: {backup_root: \"s3://bucket/p\"}\nreserve: {path: /r}\nlocal: {parity_percent: 5}", "local.parity_percent", 3, "parity is kept in folders alone")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nremote: {endpoint: \"https://s3:9000\"}", "remote.endpoint", 3, "neither remote.location nor repository.backup_root")]
    [InlineData("repository: {backup_root: \"s3://bucket/p\"}\nreserve: {path: /r}\narchive: {streams: 2}", "archive.streams", 3, "neither archive.location")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nremote: {location: \"s3://bucket\", credentials: vault, vault_secret: kv/s3}", "remote.credentials", 3, "neither key_vault.address nor vault.address")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nkey_vault: {address: \"https://v:8200\"}\nremote: {location: \"s3://bucket\", credentials: vault}", "remote.credentials", 4, "remote.vault_secret is not set")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nremote: {location: \"s3://bucket/p\"}\narchive: {location: \"glacier://bucket/p\"}", "archive.location", 4, "name one place")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nremote: {location: /b/remote}", "remote.location", 3, "lie in one folder")]
    [InlineData("repository: {backup_root: \"s3://bucket\"}\nreserve: {path: /r}\nremote: {location: \"s3://bucket/\"}", "remote.location", 3, "name one place")]
    [InlineData("repository: {backup_root: \"s3://Bucket\"}\nreserve: {path: /r}", "repository.backup_root", 1, "names no bucket")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nremote: {location: \"s3://bucket/a/../b\"}", "remote.location", 3, "names no bucket")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\narchive: {location: \"glacier://bucket\", storage_class: COLD}", "archive.storage_class", 3, "not one of GLACIER")]
    public void Two_settings_that_contradict_each_other_are_refused_with_file_line_key_and_remedy(string yaml, string key, int line, string problem)
    {
        var error = Assert.Single(Findings(yaml), f => f.Severity == FindingSeverity.Error);
        Assert.Equal((key, line, File), (error.Key, error.Line, error.File));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
        Assert.NotEmpty(error.Remedy);
    }

    [Theory]
    [InlineData("remote: {location: \"s3://bucket\", profile: p}", "remote.profile", "remote.credentials is chain")]
    [InlineData("remote: {location: \"s3://bucket\", endpoint: \"http://s3.example.org\"}", "remote.endpoint", "without TLS")]
    [InlineData("vault: {address: \"https://v:8200\"}\nremote: {location: \"s3://bucket\", credentials: vault, vault_secret: kv/s3}", "remote.credentials", "the Vault that is backed up")]
    public void A_bucket_that_is_reached_in_a_doubtful_way_is_warned_of(string yaml, string key, string problem)
    {
        var warning = Assert.Single(Findings("repository: {backup_root: /b}\nreserve: {path: /r}\n" + yaml), f => f.Severity == FindingSeverity.Warning);
        Assert.Equal((key, File), (warning.Key, warning.File));
        Assert.Contains(problem, warning.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("repository: {backup_root: /srv/r/sub/repo}\nreserve: {path: /srv/r, exclude: [/sub/repo/]}")]
    [InlineData("repository: {backup_root: /srv/r/backups}\nreserve: {path: /srv/r}")]
    [InlineData("repository: {backup_root: /srv/r2}\nreserve: {path: /srv/r}")]
    [InlineData("repository: {backup_root: \"s3://bucket/sting\"}\nreserve: {path: /r}\nremote: {endpoint: \"https://s3:9000\", credentials: profile, profile: p, credentials_file: /c, only_writer: h, addressing: host}")]
    [InlineData("repository: {backup_root: \"glacier://bucket\"}\nreserve: {path: /r}\nkey_vault: {address: \"https://v:8200\", token_file: /t}\narchive: {credentials: vault, vault_secret: kv/sting/s3}")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\ncache_directory: /r/cache\nlog_directory: /r/cache/logs")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r}\nretention: {local_days: 30, archive_days: 30}")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r, exclude: [/chroma_data/]}\nchroma: {path: /r/chroma_data, address: \"http://127.0.0.1:8000\"}")]
    [InlineData("repository: {backup_root: /b}\nreserve:\n  path: /r\n  folders: [{at: volumes, path: /v}]\n  exclude: [/volumes/chroma/]\nchroma: {path: /v/chroma}")]
    [InlineData("repository: {backup_root: /b}\nreserve: {path: /r, rules: [{glob: raw/**, class: Physical, subject: system}]}\nretention: {physical_days: 30}")]
    public void What_agrees_is_let_through(string yaml) => Assert.DoesNotContain(Findings(yaml), f => f.Severity != FindingSeverity.Information);

    [Fact]
    public void Keys_among_the_backups_are_let_through_with_a_warning_when_told_so()
    {
        var finding = Assert.Single(Findings("repository: {backup_root: /b}\nreserve: {path: /r}\nkeys: {directory: /b/keys, allow_under_backup_root: true}"));
        Assert.Equal((FindingSeverity.Warning, "keys.directory", 3), (finding.Severity, finding.Key, finding.Line));
    }

    [Fact]
    public void A_reserve_that_is_the_whole_disk_holds_every_folder() =>
        Assert.Equal(["repository.backup_root", "keys.directory", "state_directory", "log_directory"],
            Findings("repository: {backup_root: /b}\nreserve: {path: /}").Select(f => f.Key));

    [Fact]
    public void A_glob_that_is_wrong_is_told_once_and_not_as_a_contradiction_too() =>
        Assert.Equal("reserve.exclude", Assert.Single(Findings("repository: {backup_root: /r/b}\nreserve: {path: /r, exclude: [\"[\"]}")).Key);

    [Fact]
    public void A_link_hides_no_contradiction()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder["repository"]);
        Directory.CreateSymbolicLink(folder["keys"], "repository/inner/..");
        Directory.CreateSymbolicLink(folder["far"], folder["keys"]);
        var error = Assert.Single(Findings($"repository: {{backup_root: {folder["repository"]}}}\nreserve: {{path: {folder["reserve"]}}}\nkeys: {{directory: {folder["far"]}/new}}\nstate_directory: {folder["s"]}\ncache_directory: {folder["c"]}\nlog_directory: {folder["l"]}", new HostView()));
        Assert.Equal("keys.directory", error.Key);
    }
}
