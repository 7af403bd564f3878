namespace Akka.Event;

/// <summary>How much a log event matters.</summary>
public enum LogLevel
{
    /// <summary>For who looks for a fault.</summary>
    DebugLevel,

    /// <summary>What happens.</summary>
    InfoLevel,

    /// <summary>Unexpected, but it goes on.</summary>
    WarningLevel,

    /// <summary>Something failed.</summary>
    ErrorLevel,
}

/// <summary>Something to be logged, published on the event stream.</summary>
public abstract class LogEvent
{
    private protected LogEvent(Exception? cause, string logSource, Type logClass, object message)
    {
        Cause = cause;
        LogSource = logSource;
        LogClass = logClass;
        Message = message;
    }

    /// <summary>What went wrong; may be null.</summary>
    public Exception? Cause { get; protected set; }

    /// <summary>When, UTC.</summary>
    public DateTime Timestamp { get; } = DateTime.UtcNow;

    /// <summary>On which thread.</summary>
    public Thread Thread { get; } = Thread.CurrentThread;

    /// <summary>Who says it: an actor's path, or a name.</summary>
    public string LogSource { get; protected set; }

    /// <summary>The type of who says it.</summary>
    public Type LogClass { get; protected set; }

    /// <summary>What; its text is <c>ToString()</c>.</summary>
    public object Message { get; protected set; }

    /// <summary>How much it matters.</summary>
    public abstract LogLevel LogLevel();

    /// <inheritdoc/>
    public override string ToString()
    {
        var level = LogLevel().ToString().Replace("Level", "").ToUpperInvariant();
        var line = $"[{level}][{Timestamp:MM/dd/yyyy HH:mm:ss.fffK}][Thread {Thread.ManagedThreadId:0000}][{LogSource}] {Message}";
        return Cause is null ? line : $"{line}{Environment.NewLine}Cause: {Cause}";
    }
}

/// <summary>A debug message.</summary>
public class Debug : LogEvent
{
    /// <summary>From that source.</summary>
    public Debug(string logSource, Type logClass, object message)
        : base(null, logSource, logClass, message)
    {
    }

    /// <summary>From that source, with a cause.</summary>
    public Debug(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

/// <summary>An information.</summary>
public class Info : LogEvent
{
    /// <summary>From that source.</summary>
    public Info(string logSource, Type logClass, object message)
        : base(null, logSource, logClass, message)
    {
    }

    /// <summary>From that source, with a cause.</summary>
    public Info(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;
}

/// <summary>A warning.</summary>
public class Warning : LogEvent
{
    /// <summary>From that source.</summary>
    public Warning(string logSource, Type logClass, object message)
        : base(null, logSource, logClass, message)
    {
    }

    /// <summary>From that source, with a cause.</summary>
    public Warning(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;
}

/// <summary>An error.</summary>
public class Error : LogEvent
{
    /// <summary>From that source, with a cause (or null).</summary>
    public Error(Exception? cause, string logSource, Type logClass, object message)
        : base(cause, logSource, logClass, message)
    {
    }

    /// <inheritdoc/>
    public override LogLevel LogLevel() => Event.LogLevel.ErrorLevel;
}
