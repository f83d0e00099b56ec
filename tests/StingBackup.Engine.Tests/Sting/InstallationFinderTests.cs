using System.Text.Json;
using StingBackup.Engine.Discovery;
using StingBackup.Engine.Reserve;
using StingBackup.Engine.Tests.Reserve;
using StingBackup.Engine.Tests.Support;
using StingBackup.Fixtures;

namespace StingBackup.Engine.Tests.Sting;

/// <summary>What is found of a STING installation, with Docker's answers and without.</summary>
public sealed class InstallationFinderTests : IDisposable
{
    private readonly StingFolder _sting = new(Path.Join(Golden.Root(), "tests", "fixtures"));

    public void Dispose() => _sting.Dispose();

    private AlteredHost Host => new(_sting.Bin + ":/usr/bin:/bin", _sting.Root);

    private async Task<StingInstallation> FindAsync(IHostView? host = null, bool useDocker = true)
    {
        var found = new List<StingInstallation>();
        await foreach (var installation in InstallationFinder.FindAsync(_sting.Install, useDocker, host ?? Host, TimeProvider.System, default))
        {
            found.Add(installation);
        }
        return Assert.Single(found);
    }

    private void Change(string from, string to)
    {
        var text = File.ReadAllText(_sting.Inspect);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(_sting.Inspect, text.Replace(from, to, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Containers_tell_where_volumes_lie_whatever_their_names()
    {
        var found = await FindAsync();
        Assert.Equal(DockerAnswer.Answered, found.Docker);
        Assert.Equal("1.0.0", found.Version);
        Assert.Equal(Path.Combine(_sting.Install, "conf", "config.yml"), found.SettingsFile);
        Assert.True(found.HasMasterKey);
        var places = found.Places.ToLookup(p => p.Kind, p => p.Path);
        Assert.Equal([_sting.Volume("jar_documents")], places[StingPlaceKind.JarDocuments]);
        Assert.Equal([_sting.Volume("app_uploads")], places[StingPlaceKind.AppUploads]);
        Assert.Equal([_sting.Volume("vectors")], places[StingPlaceKind.Embeddings]);
        Assert.Equal([_sting.Volume("knowledge")], places[StingPlaceKind.KnowledgeData]);
        Assert.Equal([Path.Combine(_sting.Install, "logs"), _sting.Volume("sting_logs")], places[StingPlaceKind.Logs]);
        Assert.Equal([_sting.Volume("config_data")], places[StingPlaceKind.SharedSettings]);
        Assert.Equal([_sting.Volume("certs")], places[StingPlaceKind.Certificates]);
        Assert.Equal([_sting.Volume("vault_persistent")], places[StingPlaceKind.VaultKeys]);
        Assert.Equal([_sting.Volume("vault_file")], places[StingPlaceKind.VaultStorage]);
        Assert.Equal([_sting.Volume("postgres")], places[StingPlaceKind.DatabaseFiles]);
        Assert.Equal([Path.Combine(_sting.Install, "honey-reserve")], places[StingPlaceKind.HoneyReserve]);
        Assert.Equal([Path.Combine(_sting.Install, "temp-uploads")], places[StingPlaceKind.TempUploads]);
        Assert.Equal([Path.Combine(_sting.Install, "archives")], places[StingPlaceKind.Archives]);
        Assert.Equal([Path.Combine(_sting.Install, "old-backups")], places[StingPlaceKind.OldBackups]);
        Assert.Equal([Path.Combine(_sting.Install, "local-models"), Path.Combine(_sting.Install, "redis_cache")], places[StingPlaceKind.LeftOut]);
        Assert.Contains(found.Places, p => p.Kind == StingPlaceKind.JarDocuments && p.Source == "container sting-ce-knowledge, volume kx7_jar_documents" && p.IsReadable);
    }

    [Fact]
    public async Task Published_ports_tell_where_servers_answer()
    {
        var found = await FindAsync();
        // Port 5432 of this host leads to the database of another project.
        Assert.Equal(new StingServer("127.0.0.1", 5433, "sting-ce-db", "container sting-ce-db, published port"), found.Database);
        Assert.Equal("postgres", found.DatabaseUser);
        Assert.Equal("http://127.0.0.1:8000", found.Chroma!.Address);
    }

    [Fact]
    public async Task Chroma_is_proposed_by_its_server_and_its_folder()
    {
        var found = await FindAsync();
        var settings = ProposedConfiguration.Of(found, Path.Combine(_sting.Install, "..", "sting-backup.yaml"), new HostView()).Settings.ToDictionary(p => p.Key, p => p.Value);
        Assert.Equal(("http://127.0.0.1:8000", found.Places.Single(p => p.Kind == StingPlaceKind.Embeddings).Path), (settings["chroma.address"].Trim('"'), settings["chroma.path"]));
    }

    [Fact]
    public async Task A_server_without_a_port_is_reached_by_its_container_s_address_and_that_is_told()
    {
        var found = await FindAsync();
        Assert.Equal("http://172.19.0.2:8200", found.Vault!.Address);
        Assert.Equal("sting-ce-vault", found.Vault.Container);
        var gap = Assert.Single(found.NotFound);
        Assert.Equal("Vault's port", gap.What);
        Assert.Contains("127.0.0.1:8200:8200", gap.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Docker_is_asked_and_told_nothing_else()
    {
        await FindAsync();
        Assert.Equal(["ps", "inspect"], _sting.Calls.Select(c => c.Split(' ')[0]));
    }

    [Fact]
    public async Task No_secret_is_shown()
    {
        Assert.Contains("SECRET-", File.ReadAllText(_sting.Inspect), StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET-", JsonSerializer.Serialize(await FindAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_labels_the_names_of_STING_s_own_compose_file_tell_which_containers_are_its()
    {
        Change("\"com.docker.compose.project\": \"sting-ce\"", "\"x\": \"\"");
        Change($"\"com.docker.compose.project.working_dir\": \"{_sting.Install}\"", "\"y\": \"\"");
        Change($"\"Source\": \"{_sting.Install}\"", "\"Source\": \"/elsewhere\"");
        var found = await FindAsync();
        Assert.Equal(DockerAnswer.Answered, found.Docker);
        Assert.Equal(5433, found.Database!.Port);
        Assert.Contains(found.Places, p => p.Path == _sting.Volume("jar_documents"));
    }

    [Fact]
    public async Task Two_projects_that_both_look_like_it_are_told_and_none_is_used()
    {
        var all = File.ReadAllText(_sting.Inspect);
        File.WriteAllText(_sting.Inspect, all.Replace("\"com.docker.compose.project\": \"blog\"", "\"com.docker.compose.project\": \"sting-old\"", StringComparison.Ordinal)
            .Replace("\"com.docker.compose.project.working_dir\": \"/srv/blog\"", $"\"com.docker.compose.project.working_dir\": \"{_sting.Install}\"", StringComparison.Ordinal));
        var found = await FindAsync();
        Assert.Equal(DockerAnswer.NoContainer, found.Docker);
        Assert.Contains(found.NotFound, g => g.What == "containers" && g.Problem.Contains("sting-old", StringComparison.Ordinal) && g.Problem.Contains("sting-ce", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_docker_complains_of_is_told_and_the_compose_file_serves()
    {
        _sting.DockerSays("permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock\n");
        var found = await FindAsync();
        Assert.Equal(DockerAnswer.Failed, found.Docker);
        Assert.Contains(found.NotFound, g => g.What == "Docker" && g.Problem.Contains("permission denied", StringComparison.Ordinal));
        Assert.Equal(new StingServer("127.0.0.1", 5433, "sting-ce-db", "docker-compose.yml, published port"), found.Database);
        Assert.Null(found.Vault);
        Assert.Contains(found.NotFound, g => g.What == "Vault" && g.Remedy.Contains("127.0.0.1:8200:8200", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_answer_that_is_no_list_of_containers_is_a_failure_of_docker()
    {
        File.AppendAllText(_sting.Inspect, "]");
        Assert.Equal(DockerAnswer.Failed, (await FindAsync()).Docker);
    }

    [Fact]
    public async Task Docker_may_be_missing_or_left_alone()
    {
        var without = await FindAsync(new AlteredHost("/nowhere", _sting.Root));
        Assert.Equal(DockerAnswer.Missing, without.Docker);
        Assert.Contains(without.NotFound, g => g.What == "Docker");
        var asked = await FindAsync(useDocker: false);
        Assert.Equal(DockerAnswer.NotAsked, asked.Docker);
        Assert.DoesNotContain(asked.NotFound, g => g.What == "Docker");
        Assert.Empty(_sting.Calls);
    }

    [Fact]
    public async Task A_volume_that_this_user_may_not_see_is_named_with_what_to_do()
    {
        var host = Host;
        host.Closed.Add(_sting.Volumes);
        var found = await FindAsync(host);
        Assert.Contains(found.Places, p => p.Kind == StingPlaceKind.JarDocuments && !p.IsReadable);
        Assert.Contains(found.NotFound, g => g.What == _sting.Volume("jar_documents") && g.Remedy.Contains("root", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_volume_that_is_not_on_this_host_is_no_place()
    {
        Directory.Delete(_sting.Volume("jar_documents"), recursive: true);
        var found = await FindAsync();
        Assert.DoesNotContain(found.Places, p => p.Kind == StingPlaceKind.JarDocuments);
        Assert.Contains(found.NotFound, g => g.Problem.Contains(_sting.Volume("jar_documents"), StringComparison.Ordinal) && g.Remedy.Contains("virtual machine", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whether_the_master_key_is_set_is_told_and_no_more()
    {
        var env = Path.Combine(_sting.Install, "env", "app.env");
        File.WriteAllText(env, "HONEY_RESERVE_MASTER_KEY=\n");
        var absent = await FindAsync();
        Assert.False(absent.HasMasterKey);
        Assert.Contains(absent.NotFound, g => g.What == "master key");
        var host = Host;
        host.Closed.Add(env);
        var unknown = await FindAsync(host);
        Assert.Null(unknown.HasMasterKey);
        Assert.Contains(unknown.NotFound, g => g.What == "env/app.env" && g.Remedy.Contains("root", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_database_elsewhere_is_found_in_STING_s_own_settings()
    {
        var config = Path.Combine(_sting.Install, "conf", "config.yml");
        File.WriteAllText(config, File.ReadAllText(config).Replace("host: db\n  port: 5432", "host: pg.example.com\n  port: 6432", StringComparison.Ordinal));
        Assert.Equal(new StingServer("pg.example.com", 6432, null, "config.yml"), (await FindAsync(useDocker: false)).Database);
    }

    [Fact]
    public async Task Broken_YAML_is_named_by_line_and_the_rest_is_found()
    {
        File.WriteAllText(Path.Combine(_sting.Install, "conf", "config.yml"), "database:\n  host: [db\n");
        var found = await FindAsync();
        Assert.Null(found.SettingsFile);
        Assert.Contains(found.NotFound, g => g.What == "config.yml" && g.Problem.Contains("line ", StringComparison.Ordinal));
        Assert.NotNull(found.Database);
    }

    [Fact]
    public async Task Where_there_is_none_the_places_that_were_looked_at_are_named()
    {
        var error = await Assert.ThrowsAsync<StingException>(async () =>
        {
            await foreach (var _ in InstallationFinder.FindAsync(null, false, new FakeHost(), TimeProvider.System, default))
            {
                Assert.Fail("there is none");
            }
        });
        Assert.Equal("StingNotFound", error.ErrorId);
        Assert.Contains("/opt/sting-ce", error.Message, StringComparison.Ordinal);
        Assert.Contains("/home/ann/.sting-ce", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "sting-ce_knowledge_uploads")]
    [InlineData("COMPOSE_PROJECT_NAME=honey", "", "honey_knowledge_uploads")]
    [InlineData("", "name: bees\n", "bees_knowledge_uploads")]
    public async Task Without_docker_a_volume_s_name_follows_from_the_project_as_compose_has_it(string env, string top, string volume)
    {
        var compose = File.ReadAllText(Path.Combine(_sting.Install, "docker-compose.yml"));
        var host = new FakeHost { HomeDirectory = "/home/ann" }
            .WithFile("/home/ann/.sting-ce/conf/config.yml", "a: 1").WithFile("/home/ann/.sting-ce/docker-compose.yml", top + compose).WithFile("/home/ann/.sting-ce/.env", env)
            .WithFile("/etc/docker/daemon.json", """{"data-root": "/srv/docker"}""").WithFolder($"/srv/docker/volumes/{volume}/_data").WithFolder("/srv/docker/volumes/vault_persistent/_data");
        var found = new List<StingInstallation>();
        await foreach (var installation in InstallationFinder.FindAsync(null, false, host, TimeProvider.System, default))
        {
            found.Add(installation);
        }
        var places = Assert.Single(found).Places;
        Assert.Contains(places, p => p.Kind == StingPlaceKind.JarDocuments && p.Path == $"/srv/docker/volumes/{volume}/_data" && p.Source == $"docker-compose.yml, volume {volume}");
        // An external volume has its own name alone.
        Assert.Contains(places, p => p.Kind == StingPlaceKind.VaultKeys && p.Path == "/srv/docker/volumes/vault_persistent/_data");
    }

    [Theory]
    [InlineData("${A}/x", "a/x")]
    [InlineData("$A-x", "a-x")]
    [InlineData("${NONE:-${A}/models}", "a/models")]
    [InlineData("${EMPTY:-d}|${EMPTY-d}", "d|")]
    [InlineData("${A:+set}${NONE:+set}", "set")]
    [InlineData("$$A ${NONE}", "$A ")]
    [InlineData("${open", "${open")]
    [InlineData("100%", "100%")]
    public void Variables_are_read_as_compose_reads_them(string text, string expected) =>
        Assert.Equal(expected, Interpolation.Expand(text, name => name switch { "A" => "a", "EMPTY" => "", _ => null }));
}
