namespace StingBackup.Engine.Tests.PostgreSql;

/// <summary>Runs where PostgreSQL's server is installed; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresBinaries.Missing;
}

/// <summary>Runs where PostgreSQL's server is installed and this is root on Linux; elsewhere it is named as skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PostgresAsRootFactAttribute : FactAttribute
{
    public PostgresAsRootFactAttribute() => Skip = PostgresBinaries.Missing ?? (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess ? null : "It mounts a file system, which takes root.");
}
