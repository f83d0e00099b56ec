using StingBackup.Engine.Vault;
using StingBackup.Fixtures.Vault;

namespace StingBackup.Engine.Tests.Vault;

/// <summary>The contract, kept by the stand-in, and by a real server where one is named.</summary>
public sealed class VaultContractTests
{
    public static TheoryData<string> Clauses => VaultContract.Clauses;

    [Theory, MemberData(nameof(Clauses))]
    public async Task The_stand_in_keeps_the_contract(string clause)
    {
        await using var server = await VaultStandIn.StartAsync();
        server.Mount("sting");
        await new VaultContract(() => server.Client(), "sting").CheckAsync(clause);
    }

    /// <summary>Against the KV v2 mount STING_TEST_VAULT_MOUNT, <c>secret</c> by default as a server in development mode has it.</summary>
    [RealVaultTheory, MemberData(nameof(Clauses))]
    public Task A_real_server_keeps_the_contract(string clause) => new VaultContract(() => new VaultClient(new VaultOptions
    {
        Address = new Uri(Environment.GetEnvironmentVariable("VAULT_ADDR")!), Login = VaultClients.Token(Environment.GetEnvironmentVariable("VAULT_TOKEN")!),
        Namespace = Environment.GetEnvironmentVariable("VAULT_NAMESPACE"), CertificateAuthorities = Environment.GetEnvironmentVariable("VAULT_CACERT"),
    }, TimeProvider.System), Environment.GetEnvironmentVariable("STING_TEST_VAULT_MOUNT") ?? "secret").CheckAsync(clause);

    /// <summary>Runs where VAULT_ADDR and VAULT_TOKEN name a server; elsewhere it is named as skipped.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class RealVaultTheoryAttribute : TheoryAttribute
    {
        public RealVaultTheoryAttribute() => Skip = Environment.GetEnvironmentVariable("VAULT_ADDR") is { Length: > 0 } && Environment.GetEnvironmentVariable("VAULT_TOKEN") is { Length: > 0 }
            ? null : "VAULT_ADDR and VAULT_TOKEN name no server.";
    }
}
