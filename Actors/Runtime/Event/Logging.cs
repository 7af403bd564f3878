using Akka.Actor;

namespace Akka.Event;

/// <summary>Makes a message's text.</summary>
public interface ILogMessageFormatter
{
    /// <summary>The text of a format with its arguments.</summary>
    string Format(string format, params object[] args);

    /// <summary>The text of a format with its arguments.</summary>
    string Format(string format, IEnumerable<object> args);
}

/// <summary>Makes a message's text by <see cref="string.Format(string, object[])"/>.</summary>
public class DefaultLogMessageFormatter : ILogMessageFormatter
{
    /// <summary>The only one.</summary>
    public static readonly DefaultLogMessageFormatter Instance = new();

    private DefaultLogMessageFormatter()
    {
    }

    /// <inheritdoc/>
    public string Format(string format, params object[] args) => string.Format(format, args);

    /// <inheritdoc/>
    public string Format(string format, IEnumerable<object> args) => string.Format(format, args.ToArray());
}

/// <summary>A message whose text is made when somebody looks.</summary>
public abstract class LogMessage
{
    /// <summary>Makes the text.</summary>
    protected readonly ILogMessageFormatter Formatter;

    /// <summary>A message of that format.</summary>
    protected LogMessage(ILogMessageFormatter formatter, string format)
    {
        Formatter = formatter;
        Format = format;
    }

    /// <summary>The format, without its arguments.</summary>
    public string Format { get; }

    /// <summary>The arguments.</summary>
    public abstract IEnumerable<object> Parameters();
}

/// <summary>Logs for one source.</summary>
public interface ILoggingAdapter
{
    /// <summary>Makes messages' texts.</summary>
    ILogMessageFormatter Formatter { get; }

    /// <summary>Debug messages are published.</summary>
    bool IsDebugEnabled { get; }

    /// <summary>Information is published.</summary>
    bool IsInfoEnabled { get; }

    /// <summary>Warnings are published.</summary>
    bool IsWarningEnabled { get; }

    /// <summary>Errors are published.</summary>
    bool IsErrorEnabled { get; }

    /// <summary>Events of that level are published.</summary>
    bool IsEnabled(LogLevel logLevel);

    /// <summary>Publishes an event, if its level is on.</summary>
    void Log(LogLevel logLevel, Exception? cause, string format);

    /// <summary>Publishes an event, if its level is on.</summary>
    void Log(LogLevel logLevel, Exception? cause, LogMessage message);
}

/// <summary>Makes loggers.</summary>
public static class Logging
{
    private const LogLevel Off = (LogLevel)int.MaxValue;

    /// <summary>A logger whose source is the actor's path.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context, ILogMessageFormatter? logMessageFormatter = null) =>
        new BusLogging(context.System.EventStream, context.Self.Path.ToString(), context.Props.Type, logMessageFormatter);

    /// <summary>A logger whose source is an actor, a name, or an object's type.</summary>
    public static ILoggingAdapter GetLogger(
        ActorSystem system, object logSourceObj, ILogMessageFormatter? logMessageFormatter = null) =>
        logSourceObj is string name
            ? GetLogger(system.EventStream, $"{name} ({system})", logMessageFormatter)
            : GetLogger(system.EventStream, logSourceObj, logMessageFormatter);

    /// <summary>A logger whose source is an actor, a name, or an object's type.</summary>
    public static ILoggingAdapter GetLogger(
        LoggingBus loggingBus, object logSourceObj, ILogMessageFormatter? logMessageFormatter = null)
    {
        var (source, type) = logSourceObj switch
        {
            IActorContext context => (context.Self.Path.ToString(), context.Props.Type),
            IActorRef actor => (actor.Path.ToString(), actor.GetType()),
            string name => (name, typeof(string)),
            Type named => (named.Name, named),
            _ => (logSourceObj.GetType().Name, logSourceObj.GetType()),
        };
        return new BusLogging(loggingBus, source, type, logMessageFormatter);
    }

    /// <summary>The level of a name: <c>DEBUG</c>, <c>INFO</c>, <c>WARNING</c>, <c>ERROR</c> or <c>OFF</c>, in any case.</summary>
    /// <exception cref="ArgumentException">It is none of these.</exception>
    public static LogLevel LogLevelFor(string logLevel) => logLevel?.ToUpperInvariant() switch
    {
        "DEBUG" => LogLevel.DebugLevel,
        "INFO" => LogLevel.InfoLevel,
        "WARNING" => LogLevel.WarningLevel,
        "ERROR" => LogLevel.ErrorLevel,
        "OFF" => Off,
        _ => throw new ArgumentException(
            $"Unknown LogLevel: \"{logLevel}\". Valid values are: \"DEBUG\", \"INFO\", \"WARNING\", \"ERROR\"", nameof(logLevel)),
    };
}

/// <summary>A format with its arguments.</summary>
internal sealed class FormattedLogMessage(ILogMessageFormatter formatter, string format, object?[] args)
    : LogMessage(formatter, format)
{
    public override IEnumerable<object> Parameters() => args!;

    public override string ToString() => Formatter.Format(Format, args!);
}

/// <summary>Publishes on a bus.</summary>
internal sealed class BusLogging(LoggingBus bus, string source, Type type, ILogMessageFormatter? formatter) : ILoggingAdapter
{
    public ILogMessageFormatter Formatter => formatter ?? DefaultLogMessageFormatter.Instance;

    public bool IsDebugEnabled => IsEnabled(LogLevel.DebugLevel);

    public bool IsInfoEnabled => IsEnabled(LogLevel.InfoLevel);

    public bool IsWarningEnabled => IsEnabled(LogLevel.WarningLevel);

    public bool IsErrorEnabled => IsEnabled(LogLevel.ErrorLevel);

    public bool IsEnabled(LogLevel logLevel) => logLevel >= bus.LogLevel;

    public void Log(LogLevel logLevel, Exception? cause, string format) => Publish(logLevel, cause, format);

    public void Log(LogLevel logLevel, Exception? cause, LogMessage message) => Publish(logLevel, cause, message);

    private void Publish(LogLevel level, Exception? cause, object message)
    {
        if (!IsEnabled(level))
        {
            return;
        }

        bus.Publish(level switch
        {
            LogLevel.DebugLevel => new Debug(cause, source, type, message),
            LogLevel.InfoLevel => new Info(cause, source, type, message),
            LogLevel.WarningLevel => new Warning(cause, source, type, message),
            _ => new Error(cause, source, type, message),
        });
    }
}
