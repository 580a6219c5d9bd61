"""Writes the definition that sagemaker 3.27.0 (sagemaker-mlops 1.27.0) makes of the churn pipeline.
Needs a server for STS/S3 look-ups: moto_server on 127.0.0.1:5599 (AWS_ENDPOINT_URL)."""
import json, os, sys
os.environ.update(AWS_ENDPOINT_URL='http://127.0.0.1:5599', AWS_ACCESS_KEY_ID='x', AWS_SECRET_ACCESS_KEY='y', AWS_DEFAULT_REGION='us-east-1', SAGEMAKER_TELEMETRY_OPT_OUT='true')
import boto3
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.parameters import ParameterFloat, ParameterInteger, ParameterString
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.core.workflow.properties import PropertyFile
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import ProcessingInput, ProcessingS3Input, ProcessingOutput, ProcessingS3Output, CheckpointConfig, MetricDefinition
from sagemaker.core.parameter import ContinuousParameter, IntegerParameter
from sagemaker.core.lambda_helper import Lambda
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, OutputDataConfig, StoppingCondition
from sagemaker.train.tuner import HyperparameterTuner
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep, TuningStep, CacheConfig
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.lambda_step import LambdaStep, LambdaOutput, LambdaOutputTypeEnum
from sagemaker.mlops.workflow.retry import StepRetryPolicy, StepExceptionTypeEnum, SageMakerJobStepRetryPolicy, SageMakerJobExceptionTypeEnum

import sagemaker.train.defaults as _d, sagemaker.train.model_trainer as _m
import sagemaker.core.helper.iam_role_resolver as _r
_d.resolve_and_validate_role = lambda provided_role=None, **k: provided_role  # the SDK would call iam:SimulatePrincipalPolicy, which moto lacks
ROLE = 'arn:aws:iam::123456789012:role/churn'
IMAGE = '123456789012.dkr.ecr.us-east-1.amazonaws.com/churn@sha256:' + '0' * 64
B = 'churn-data'
s = PipelineSession(boto_session=boto3.Session(region_name='us-east-1'), default_bucket=B)
data = ParameterString('DataUri', f's3://{B}/raw/customers.csv'); acc = ParameterFloat('MinAccuracy', 0.84); f1 = ParameterFloat('MinF1', 0.79)
status = ParameterString('ModelApprovalStatus', 'PendingManualApproval')
cache = CacheConfig(enable_caching=True, expire_after='P30D')
proc = lambda entry: Processor(role=ROLE, image_uri=IMAGE, instance_count=1, instance_type='ml.m5.large', volume_size_in_gb=10, max_runtime_in_seconds=1800, entrypoint=['churnkit', *entry], env={'TZ': 'UTC'}, sagemaker_session=s)
s3in = lambda n, uri, p: ProcessingInput(input_name=n, s3_input=ProcessingS3Input(s3_uri=uri, local_path=p, s3_data_type='S3Prefix', s3_input_mode='File', s3_data_distribution_type='FullyReplicated'))
s3out = lambda n, uri, p: ProcessingOutput(output_name=n, s3_output=ProcessingS3Output(s3_uri=uri, local_path=p, s3_upload_mode='EndOfJob'))
out = lambda n: Join(on='/', values=[f's3://{B}/runs', ExecutionVariables.PIPELINE_EXECUTION_ID, n])

prep = ProcessingStep('Prepare', step_args=proc(['sagemaker', 'prepare']).run(inputs=[s3in('raw', data, '/opt/ml/processing/input/raw')],
    outputs=[s3out(n, out(n), f'/opt/ml/processing/output/{n}') for n in ('train', 'validation', 'test')], arguments=['--seed', '7']), cache_config=cache,
    retry_policies=[StepRetryPolicy(exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING], interval_seconds=5, backoff_rate=2.0, max_attempts=3),
                    SageMakerJobStepRetryPolicy(exception_types=[SageMakerJobExceptionTypeEnum.INTERNAL_ERROR], interval_seconds=60, max_attempts=2)])
o = lambda st, n: st.properties.ProcessingOutputConfig.Outputs[n].S3Output.S3Uri

def trainer(name, hp):
    t = ModelTrainer(training_image=IMAGE, role=ROLE, base_job_name=name, sagemaker_session=s, hyperparameters=hp, training_input_mode='File',
        compute=Compute(instance_type='ml.m5.xlarge', instance_count=1, volume_size_in_gb=20, enable_managed_spot_training=True),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=3600, max_wait_time_in_seconds=7200),
        checkpoint_config=CheckpointConfig(s3_uri=f's3://{B}/checkpoints/{name}', local_path='/opt/ml/checkpoints'),
        output_data_config=OutputDataConfig(s3_output_path=f's3://{B}/models'))
    return t.with_metric_definitions([MetricDefinition(name='validation:f1', regex='validation:f1=([0-9.]+)'), MetricDefinition(name='validation:accuracy', regex='validation:accuracy=([0-9.]+)')])
chan = lambda: [InputData(channel_name='train', data_source=o(prep, 'train')), InputData(channel_name='validation', data_source=o(prep, 'validation'))]
tuner = HyperparameterTuner(trainer('churn-tune', {'epochs': 30}), objective_metric_name='validation:f1', metric_definitions=[{'Name': 'validation:f1', 'Regex': 'validation:f1=([0-9.]+)'}], objective_type='Maximize', strategy='Bayesian', max_jobs=8, max_parallel_jobs=2, early_stopping_type='Auto', random_seed=7,
    hyperparameter_ranges={'learningRate': ContinuousParameter(1e-4, 1e-1, scaling_type='Logarithmic'), 'dropout': ContinuousParameter(0, 0.5), 'units1': IntegerParameter(16, 128), 'units2': IntegerParameter(8, 64)})
tune = TuningStep('Tune', step_args=tuner.tune(inputs=chan()))
t2 = trainer('churn', {'epochs': '60', 'learningRate': tune.properties.BestTrainingJob.TunedHyperParameters['learningRate']})
train = TrainingStep('Train', step_args=t2.train(input_data_config=chan()), cache_config=cache)
report = PropertyFile(name='Evaluation', output_name='evaluation', path='evaluation.json')
ev = ProcessingStep('Evaluate', step_args=proc(['sagemaker', 'evaluate']).run(inputs=[s3in('model', train.properties.ModelArtifacts.S3ModelArtifacts, '/opt/ml/processing/model'), s3in('test', o(prep, 'test'), '/opt/ml/processing/test')],
    outputs=[s3out('evaluation', out('evaluation'), '/opt/ml/processing/evaluation')]), property_files=[report])
uri = Join(on='/', values=[o(ev, 'evaluation'), 'evaluation.json'])
container = {'Image': IMAGE, 'ModelDataUrl': train.properties.ModelArtifacts.S3ModelArtifacts, 'Environment': {'CHURNKIT_MODE': 'serve'}}
from sagemaker.core.workflow.pipeline_context import _ModelStepArguments
import types
def model_args(request, kind):  # what ModelBuilder.register()/.build() leave in the session's context, without building a model
    a = _ModelStepArguments(types.SimpleNamespace(sagemaker_session=s)); setattr(a, kind + '_request', request); a.caller_name = 'create_model' if kind == 'create_model' else 'create_model_package_from_containers'; return a
register = ModelStep('Register', step_args=model_args({'ModelPackageGroupName': 'churn', 'ModelApprovalStatus': status, 'CustomerMetadataProperties': {'pipelineExecution': ExecutionVariables.PIPELINE_EXECUTION_ARN},
    'InferenceSpecification': {'Containers': [container], 'SupportedContentTypes': ['application/json', 'text/csv'], 'SupportedResponseMIMETypes': ['application/json'], 'SupportedRealtimeInferenceInstanceTypes': ['ml.m5.large'], 'SupportedTransformInstanceTypes': ['ml.m5.large']},
    'ModelMetrics': {'ModelQuality': {'Statistics': {'ContentType': 'application/json', 'S3Uri': uri}}}}, 'create_model_package'))
create = ModelStep('Create', step_args=model_args({'ExecutionRoleArn': ROLE, 'PrimaryContainer': container}, 'create_model'))
dep = LambdaStep('Deploy', lambda_func=Lambda(function_arn='arn:aws:lambda:us-east-1:123456789012:function:churn-deploy', session=s),
    inputs={'modelName': create.properties.ModelName, 'modelPackageArn': register.properties.ModelPackageArn, 'endpointName': 'churn'}, outputs=[LambdaOutput('endpointArn', LambdaOutputTypeEnum.String)])
fail = FailStep('Refused', error_message=Join(on=' ', values=['accuracy or F1 below', acc, f1]))
get = lambda p: JsonGet(step_name=ev.name, property_file=report, json_path=p)
cond = ConditionStep('GoodEnough', conditions=[ConditionGreaterThanOrEqualTo(left=get('binary_classification_metrics.accuracy.value'), right=acc), ConditionGreaterThanOrEqualTo(left=get('binary_classification_metrics.f1.value'), right=f1)], if_steps=[register, create, dep], else_steps=[fail])
p = Pipeline(name='churn', parameters=[data, acc, f1, status], steps=[prep, tune, train, ev, cond], sagemaker_session=s)
d = json.loads(p.definition())
json.dump(d, open(sys.argv[1] if len(sys.argv) > 1 else 'sagemaker-sdk-v3.json', 'w'), indent=1)
print([(x['Name'], x['Type']) for x in d['Steps']])
